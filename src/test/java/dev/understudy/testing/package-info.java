/** Pieces that the tests of several rooms share. */
@NullMarked
package dev.understudy.testing;

import org.jspecify.annotations.NullMarked;
