import type { FastifyInstance, FastifyRequest } from 'fastify';
import { isReceiptPath } from '../client/request-path';
import { UnsupportedMediaType } from '../error/refusal';
import { formFields } from './form-body';
import { jsonFields } from './json-body';
import { multipartFields } from './multipart-body';

/** In bytes. */
export const bodyLimit = 8_192;
/** Providers report of up to 100 texts in one call. */
export const receiptBodyLimit = 65_536;

/** The media types that `RequestBody` reads. */
export const bodyMediaTypes = ['application/json', 'application/x-www-form-urlencoded', 'multipart/form-data'] as const;

/** A body as it came in. Parsed only when a handler's turn has come: throttling and 405 go before a parse error. */
export class RequestBody {
  constructor(
    private readonly contentType: string,
    readonly bytes: Buffer,
  ) {}

  /** In small letters and without parameters; undefined where the request does not say. */
  get mediaType(): string | undefined {
    return this.contentType.split(';')[0]!.trim().toLowerCase() || undefined;
  }

  /**
   * @returns the fields of a dictionary, JSON numbers as their text; an empty body has none, whatever its type
   * @throws UnsupportedMediaType, MalformedBody, InvalidFields
   */
  async fields(): Promise<Record<string, unknown>> {
    if (this.bytes.length === 0) return {};
    const [, ...parameters] = this.contentType.split(';').map((part) => part.trim());
    if (!parameters.every(isReadable)) throw new UnsupportedMediaType(this.contentType);
    switch (this.mediaType) {
      case 'application/json':
        return jsonFields(this.bytes);
      case 'application/x-www-form-urlencoded':
        return formFields(this.bytes);
      case 'multipart/form-data':
        return multipartFields(this.bytes, this.contentType);
      default:
        throw new UnsupportedMediaType(this.contentType);
    }
  }
}

/** UTF-8 is the only charset; other parameters mean nothing here. */
function isReadable(parameter: string): boolean {
  const [name = '', value = ''] = parameter.split('=');
  return name.trim().toLowerCase() !== 'charset' || /^"?(utf-?8|us-ascii)"?$/i.test(value.trim());
}

/** Takes every body as bytes, in place of Fastify's own parsers; 413 for one that is too large. */
export function readBodiesAsBytes(fastify: FastifyInstance): void {
  fastify.removeAllContentTypeParsers();
  fastify.addHook('onRoute', (route) => {
    if (isReceiptPath(route.url)) route.bodyLimit = receiptBodyLimit;
  });
  const contentTypes = new WeakMap<FastifyRequest, string>();
  fastify.addHook('onRequest', (request, _reply, done) => {
    const { headers } = request;
    contentTypes.set(request, headers['content-type'] ?? '');
    // Fastify would refuse some types in its own words and before the throttle, and QUERY without a type where 405 is due.
    if (headers['content-type'] !== undefined || request.method === 'QUERY')
      headers['content-type'] = 'application/octet-stream';
    done();
  });
  fastify.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit }, (request, bytes, done) =>
    done(null, new RequestBody(contentTypes.get(request) ?? '', bytes as Buffer)),
  );
}
