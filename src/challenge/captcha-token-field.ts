import { CharField } from '../field/char-field';

/** A solved challenge in the body of a request; an empty one counts as none. */
export function CaptchaTokenField() {
  return CharField({ optional: true, allowBlank: true, maxLength: 4_096 });
}
