import { Busboy } from '@fastify/busboy';
import { MalformedBody } from '../error/refusal';

/**
 * Text fields of `multipart/form-data` (RFC 7578); a file is no text, so it stands as an object.
 *
 * @throws MalformedBody
 */
export function multipartFields(bytes: Buffer, contentType: string): Promise<Record<string, unknown>> {
  return new Promise((resolve, reject) => {
    const refuse = () => reject(new MalformedBody('Multipart form parse error - Invalid boundary or unfinished part'));
    const fields: Record<string, unknown> = {};
    try {
      const parser = new Busboy({
        headers: { 'content-type': contentType },
        // As Django tells files from texts; Busboy would go by the part's type, too.
        isPartAFile: (_name, _type, fileName) => !!fileName,
      });
      parser.on('field', (name, value) => (fields[name] = value));
      parser.on('file', (name, file) => {
        fields[name] = {};
        // Without a listener, a file that is cut off ends the process.
        file.on('error', refuse);
        file.resume();
      });
      parser.on('error', refuse);
      parser.on('finish', () => resolve(fields));
      parser.end(bytes);
    } catch {
      refuse();
    }
  });
}
