/**
 * The people's door: what ops and analysts see and may do, over HTTP. Thin: every answer comes from another room.
 *
 * <p>In comes a request with {@code Authorization: Bearer <admin token>}. {@link dev.understudy.admin.RawPathGuard} looks
 * at the path before anybody decodes it, {@link dev.understudy.admin.TokenMechanism} says who it is, {@link
 * dev.understudy.admin.Roles} what that allows; then a resource answers, or {@link dev.understudy.admin.Refusal} says why
 * not, in the same four keys as the agents' door. Everything is closed unless {@code application.properties} opens it:
 * the page's static files and the health answers only.
 */
@NullMarked
package dev.understudy.admin;

import org.jspecify.annotations.NullMarked;
