/** Tests of the small models, most of them against the real starter model. */
@NullMarked
package dev.understudy.slm;

import org.jspecify.annotations.NullMarked;
