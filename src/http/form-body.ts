/**
 * Fields of `application/x-www-form-urlencoded`. The last of repeated fields counts, as in Django; a bad percent escape
 * stands for itself (WHATWG URL section 5.1).
 */
export function formFields(bytes: Buffer): Record<string, unknown> {
  return Object.fromEntries(new URLSearchParams(bytes.toString('utf8')));
}
