/** Where the routes stand, each written here alone; without slashes at their ends, as `@Controller` joins them. */
export const accountPrefix = 'api/account';
export const receiptPrefix = 'api/sms/receipts';
export const docsPrefix = 'api/docs';
/** A file in two formats, `.json` and `.yaml`. */
export const openApiFile = 'api/openapi';
/** RFC 8615. */
export const wellKnownPrefix = '.well-known';

/**
 * The path that a request asks for, decoded as the router decodes it: an escaped letter must not lead past a rule. The
 * router has refused what cannot be decoded.
 * @returns without the query, with its slash at the end if it came with one
 */
export function pathOf({ url }: { url: string }): string {
  return decodeURI(url.split('?')[0] ?? '');
}

/** Whether a path (of `pathOf`) is one of sign-in, tokens, sessions or accounts. */
export function isAccountPath(path: string): boolean {
  return path.startsWith(`/${accountPrefix}/`);
}

/** Whether a path (of `pathOf`) is one that providers send their receipts to. */
export function isReceiptPath(path: string): boolean {
  return path.startsWith(`/${receiptPrefix}/`);
}

/** Whether a path (of `pathOf`) is served to everyone beside the API: documentation and public keys. */
export function isPublicPath(path: string): boolean {
  return [`/${docsPrefix}`, `/${openApiFile}.`, `/${wellKnownPrefix}/`].some((start) => path.startsWith(start));
}
