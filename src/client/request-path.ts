/**
 * The path that a request asks for, decoded as the router decodes it: an escaped letter must not lead past a rule. The
 * router has refused what cannot be decoded.
 */
export function pathOf({ url }: { url: string }): string {
  return decodeURI(url.split('?')[0] ?? '');
}

export function isAccountPath(path: string): boolean {
  return path.startsWith('/api/account/');
}

export function isReceiptPath(path: string): boolean {
  return path.startsWith('/api/sms/receipts/');
}

/** What is served to everyone beside the API: documentation and public keys. */
export function isPublicPath(path: string): boolean {
  return ['/api/docs', '/api/openapi.', '/.well-known/'].some((start) => path.startsWith(start));
}
