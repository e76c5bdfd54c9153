import { createPrivateKey, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { list } from '../variable/variable-kinds';

const someFiles = list.refine((files) => files.length > 0, { error: 'names no file', abort: true });

/** Files with private keys in PEM, each read as the key that it holds: EC on P-256, or RSA. */
export const privateKeyFiles = someFiles.transform((files, context): KeyObject[] =>
  files.flatMap((file, place) => {
    try {
      const key = createPrivateKey(readFileSync(file));
      const { namedCurve, modulusLength = 0 } = key.asymmetricKeyDetails ?? {};
      if (namedCurve === 'prime256v1' || (key.asymmetricKeyType === 'rsa' && modulusLength >= 2048)) return [key];
    } catch {
      // Told below, without the path: like any other value it may be a mistaken secret.
    }
    const message = `file ${place + 1} holds no private key in PEM that is EC on P-256 or RSA of 2048 bits or more`;
    context.addIssue({ code: 'custom', message });
    return [];
  }),
);
