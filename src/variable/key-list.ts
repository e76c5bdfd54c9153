import { list } from './variable-kinds';

const isSample = (secret: string) =>
  /change.?me|example|sample|your.?(secret|key)|insecure|placeholder|replace/i.test(secret) ||
  new Set(secret).size < 10;

/** The secrets of a key ring, newest first: 32 bytes or more each, none of them a sample, none twice. */
export const keyList = list.superRefine((keys, context) => {
  const fault = (message: string) => context.addIssue({ code: 'custom', message });
  if (keys.length === 0) fault('holds no key');
  if (keys.some((key) => Buffer.byteLength(key) < 32)) fault('every key needs 32 bytes or more');
  else if (keys.some(isSample)) fault('is a sample value; make one with: openssl rand -base64 48');
  if (new Set(keys).size < keys.length) fault('names the same key twice');
});
