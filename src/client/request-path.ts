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
  return path.startsWith('/api/account/');
}

/** Whether a path (of `pathOf`) is one that providers send their receipts to. */
export function isReceiptPath(path: string): boolean {
  return path.startsWith('/api/sms/receipts/');
}

/** Whether a path (of `pathOf`) is served to everyone beside the API: documentation and public keys. */
export function isPublicPath(path: string): boolean {
  return ['/api/docs', '/api/openapi.', '/.well-known/'].some((start) => path.startsWith(start));
}
