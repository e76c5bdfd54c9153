import { Busboy } from '@fastify/busboy';
import { MalformedBody } from '../error/refusal';

/** Text fields of multipart/form-data (RFC 7578); a file is no text, so it stands as an object. */
export function multipartFields(bytes: Buffer, contentType: string): Promise<Record<string, unknown>> {
  return new Promise((resolve, reject) => {
    const refuse = () => reject(new MalformedBody('Multipart form parse error - Invalid boundary or unfinished part'));
    const fields: Record<string, unknown> = {};
    try {
      const parser = new Busboy({ headers: { 'content-type': contentType } });
      parser.on('field', (name, value) => (fields[name] = value));
      parser.on('file', (name, file) => {
        fields[name] = {};
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
