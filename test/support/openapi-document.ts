import { Ajv, type ValidateFunction } from 'ajv';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { OpenAPIObject } from '@nestjs/swagger';
import * as refusals from '../../src/error/refusal';
import type { ProblemCode } from '../../src/http/problem';
import { replyFor } from '../../src/http/refusal-replies';
import type { HttpReply } from './http-client';

/** Where the set-up of the suite keeps the document that a built service serves. */
export const documentFile = join(__dirname, '../../dist/openapi.json');

let loaded: { document: OpenAPIObject; ajv: Ajv } | undefined;

export function openApiDocument(): OpenAPIObject {
  return load().document;
}

function load() {
  if (loaded === undefined) {
    const document = JSON.parse(readFileSync(documentFile, 'utf8')) as OpenAPIObject;
    const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false });
    ajv.addSchema({ ...document, $id: 'openapi' });
    loaded = { document, ajv };
  }
  return loaded;
}

const validators = new Map<string, ValidateFunction>();

/**
 * @throws if a documented route answers with a status, a media type or a body that the document does not name, or with a
 * refusal that is not among its examples
 */
export function expectDocumented(method: string, path: string, { status, headers, text }: HttpReply): void {
  const { document, ajv } = load();
  const route = Object.keys(document.paths).find((template) => matches(template, decodeURI(path.split('?')[0] ?? '')));
  if (route === undefined) return;
  const verb = method.toLowerCase() as 'post';
  const operation = document.paths[route]?.[verb];
  if (operation === undefined) return;
  const type = headers['content-type'];
  const response = operation.responses[status] as { content?: Record<string, MediaType> } | undefined;
  if (response && response.content === undefined && text === '') return;
  if (response?.content?.[type ?? ''] === undefined) {
    throw new Error(`not in the OpenAPI document: ${method} ${route} ${status} ${type}`);
  }
  const pointer = ['paths', route, verb, 'responses', String(status), 'content', type!, 'schema']
    .map((part) => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1')))
    .join('/');
  const validate = validators.get(pointer) ?? ajv.compile({ $ref: `openapi#/${pointer}` });
  validators.set(pointer, validate);
  const body = JSON.parse(text) as object;
  if (!validate(body)) {
    throw new Error(
      `not as the OpenAPI document says: ${method} ${route} ${status}: ${ajv.errorsText(validate.errors)}`,
    );
  }
  if (status < 400) return;
  const declared = refusalsShownIn(status, response.content['application/json']!);
  const sent = type === 'application/json' ? refusalIn(status, body) : refusalOf((body as { code: ProblemCode }).code);
  if (!declared.includes(sent)) throw new Error(`@Refuses does not name ${sent}: ${method} ${route} ${status} ${text}`);
}

/** A rule that `Throttled` names has the plain reply of all others. */
function refusalOf(code: ProblemCode): ProblemCode {
  return refusals.throttleRules.some((rule) => rule === code) ? 'throttled' : code;
}

interface MediaType {
  example?: object;
  examples?: Record<string, { value: object }>;
}

function refusalsShownIn(status: number, { example, examples = {} }: MediaType): ProblemCode[] {
  const bodies = example ? [example] : Object.values(examples).map(({ value }) => value);
  return bodies.map((body) => refusalIn(status, body));
}

/** The refusals whose replies are always the same. */
const constant = [
  new refusals.InvalidOtp(),
  new refusals.MalformedRequest(),
  new refusals.NotAcceptable(),
  new refusals.NotFound(),
  new refusals.CrossSiteRequest(),
  new refusals.NotAuthenticated(),
  new refusals.BadAuthorizationHeader(),
  new refusals.AccessTokenNotValid(),
  new refusals.TokenNotValid(),
  new refusals.FreshLoginRequired(),
  new refusals.IdempotencyKeyReused(),
  new refusals.InvalidIdempotencyKey(),
  new refusals.ReceiptNotAuthentic(),
  new refusals.ChallengeRequired(),
  new refusals.ChallengeInvalid(),
  new refusals.InvalidPage(),
  new refusals.ServiceUnavailable(),
];

/** The others, which their statuses tell apart. */
const varying: Readonly<Record<number, ProblemCode>> = {
  400: 'malformed_body',
  405: 'method_not_allowed',
  413: 'body_too_large',
  415: 'unsupported_media_type',
  429: 'throttled',
  500: 'server_error',
  503: 'not_ready',
};

function refusalIn(status: number, body: object): ProblemCode {
  const same = constant.find((refusal) => isDeepStrictEqual(replyFor(refusal).body, body));
  if (same === undefined && status === 400 && !('detail' in body)) return 'invalid_fields';
  return same?.code ?? varying[status]!;
}

function matches(template: string, path: string): boolean {
  const parts = (it: string) => it.split('/').filter((part) => part !== '');
  const wanted = parts(template);
  const given = parts(path);
  return wanted.length === given.length && wanted.every((part, place) => part.startsWith('{') || part === given[place]);
}
