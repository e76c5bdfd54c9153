import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import { isAccountPath, isPublicPath, isReceiptPath } from '../client/request-path';
import {
  AccessTokenNotValid,
  CrossSiteRequest,
  BodyTooLarge,
  InvalidFields,
  NotAcceptable,
  ServiceUnavailable,
  Throttled,
  UnsupportedMediaType,
  type AnyRefusal,
} from '../error/refusal';
import { json, problemJson } from './media-range';
import { problemTitles } from './problem';
import { bodyLimit, replyTo, serverErrorReply, type RefusalReply } from './refusal-replies';

type PathItemObject = OpenAPIObject['paths'][string];
type OperationObject = NonNullable<PathItemObject['get']>;
type ResponseObject = Extract<NonNullable<OperationObject['responses']['default']>, { description: string }>;
type SchemaObject = Exclude<NonNullable<NonNullable<OpenAPIObject['components']>['schemas']>[string], { $ref: string }>;

const about = `Sign-in by phone number: ask for a one-time code by text, then trade it for an access and a refresh token.

Every reply carries \`X-Request-Id\`. Bodies may be JSON, a form, or multipart with text fields. Paths are served with and
without the slash at their end.`;

/** The paths that are called with an access token. */
export function pathsBehindToken({ paths }: OpenAPIObject): string[] {
  const isBehindToken = (operation: OperationObject) => (operation.security ?? []).length > 0;
  return Object.keys(paths).filter((path) =>
    (Object.values(paths[path] ?? {}) as OperationObject[]).some(isBehindToken),
  );
}

/**
 * What the controllers say of themselves, and what every route sends beside.
 *
 * @param publicUrl of the settings
 */
export function openApiDocument(app: NestFastifyApplication, publicUrl = '/'): OpenAPIObject {
  const config = new DocumentBuilder()
    .setTitle('Hodi')
    .setDescription(about)
    .setVersion('1')
    .setLicense('MIT', 'https://opensource.org/license/mit')
    .addServer(publicUrl)
    .addBearerAuth({ type: 'http', scheme: 'bearer', bearerFormat: 'JWT' })
    .addTag('account', 'Sign in')
    .addTag('token', 'Renew, check and end a sign-in')
    .addTag('session', 'Where the caller is signed in')
    .addTag('me', 'The caller’s own account')
    .addTag('sms', 'For providers of texts')
    .addTag('health', 'For whoever runs the service')
    .build();
  const document = SwaggerModule.createDocument(app, config, {
    operationIdFactory: (_controller, method) => method,
  });
  const paths = Object.entries(document.paths).map(
    ([path, item]) => [documented(path), completed(path, item)] as const,
  );
  const schemas = { ...document.components?.schemas, Detail: detail, FieldFaults: fieldFaults, Problem: problem };
  return {
    ...document,
    paths: Object.fromEntries(paths),
    components: { ...document.components, schemas },
  };
}

const detail: SchemaObject = {
  type: 'object',
  required: ['detail'],
  properties: {
    detail: { type: 'string', description: 'What is wrong, in a sentence.' },
    code: { type: 'string', description: 'What is wrong, for programs; not with every refusal.' },
    messages: { type: 'array', items: { type: 'object' }, description: 'With a bad access token only.' },
  },
};

const problem: SchemaObject = {
  type: 'object',
  description: 'RFC 9457, for callers that prefer `application/problem+json`.',
  required: ['type', 'title', 'status', 'detail', 'code', 'request_id'],
  properties: {
    type: { type: 'string', format: 'uri-reference' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    code: { type: 'string', enum: Object.keys(problemTitles) },
    request_id: { type: 'string' },
    errors: {
      type: 'array',
      items: {
        type: 'object',
        required: ['field', 'code', 'message'],
        properties: { field: { type: 'string' }, code: { type: 'string' }, message: { type: 'string' } },
      },
    },
  },
};

const fieldFaults: SchemaObject = {
  type: 'object',
  description: 'The faults of each bad field; of the body as a whole under `non_field_errors`.',
  minProperties: 1,
  additionalProperties: { type: 'array', items: { type: 'string' } },
};

const schemaOf = (name: 'Detail' | 'FieldFaults' | 'Problem') => ({ $ref: `#/components/schemas/${name}` });
const retryAfter = { description: 'Seconds to wait.', schema: { type: 'integer' as const, minimum: 1 } };

function responseTo({ body, headers }: RefusalReply, description: string): ResponseObject {
  return {
    description,
    ...(headers?.['Retry-After'] ? { headers: { 'Retry-After': retryAfter } } : {}),
    content: { [json]: { schema: schemaOf('Detail'), example: body } },
  };
}

const refused = (refusal: AnyRefusal, description: string) => responseTo(replyTo(refusal), description);

const ofEveryRoute: Record<string, ResponseObject> = {
  406: refused(new NotAcceptable(), 'The caller takes no JSON.'),
  500: responseTo(serverErrorReply, 'Our own fault; the log tells more under the `X-Request-Id`.'),
};

const throttled = refused(new Throttled(42), 'Too many requests from this address, or for this number.');

const ofAccountRoutes: Record<string, ResponseObject> = {
  429: throttled,
  503: refused(new ServiceUnavailable(), 'The database does not answer.'),
};

const ofRoutesThatChange: Record<string, ResponseObject> = {
  403: refused(new CrossSiteRequest(), 'A web page of another origin sent it.'),
};

const ofRoutesForCallers: Record<string, ResponseObject> = {
  401: refused(new AccessTokenNotValid(), 'The access token is missing, not valid, or its session is over.'),
};

const malformedExample = {
  summary: 'The body is no JSON',
  value: { detail: 'JSON parse error - Expecting value: line 1 column 1 (char 0)' },
};

const ofRoutesWithBody: Record<string, ResponseObject> = {
  400: {
    description: 'Fields are missing or bad, or the body cannot be read.',
    content: {
      [json]: {
        schema: { anyOf: [schemaOf('Detail'), schemaOf('FieldFaults')] },
        examples: { malformed: malformedExample },
      },
    },
  },
  413: refused(new BodyTooLarge(bodyLimit), 'The body is too large.'),
  415: refused(new UnsupportedMediaType('text/plain'), 'The body is none of the media types above.'),
};

const badFieldExamples = {
  required: {
    summary: 'A field is missing',
    value: replyTo(
      new InvalidFields(new Map([['phone_number', [{ code: 'required', message: 'This field is required.' }]]])),
    ).body,
  },
  malformed: malformedExample,
};

function completed(path: string, item: PathItemObject): PathItemObject {
  const operations = Object.entries(item) as [string, OperationObject][];
  return Object.fromEntries(
    operations.map(([method, operation]) => {
      const responses: Record<string, ResponseObject> = {
        ...ofEveryRoute,
        ...(isAccountPath(path) ? ofAccountRoutes : {}),
        ...(isReceiptPath(path) || isPublicPath(path) ? { 429: throttled } : {}),
        ...(isAccountPath(path) && method !== 'get' ? ofRoutesThatChange : {}),
        ...(operation.security ? ofRoutesForCallers : {}),
        ...(operation.requestBody ? ofRoutesWithBody : {}),
      };
      for (const [status, own] of Object.entries(operation.responses) as [string, ResponseObject][]) {
        responses[status] = status === '400' && responses[400] ? withExamples(responses[400], own) : described(own);
      }
      Object.entries(responses).forEach(([status, response]) => offerProblem(Number(status), response));
      return [method, { ...operation, security: operation.security ?? [], responses }];
    }),
  );
}

/** Each refusal is told as a problem, too. */
function offerProblem(status: number, response: ResponseObject): void {
  if (status >= 400) response.content = { ...response.content, [problemJson]: { schema: schemaOf('Problem') } };
}

/** Refusals of a route's own have the schema of every refusal. */
function described(response: ResponseObject): ResponseObject {
  const { example, schema } = (response.content?.[json] ?? {}) as { example?: unknown; schema?: unknown };
  const content = example && !schema ? { [json]: { schema: schemaOf('Detail'), example } } : undefined;
  return { ...response, description: response.description || 'Done.', ...(content ? { content } : {}) };
}

/** Nest drops the slash at the end of a path; ours have it, files have none. */
function documented(path: string): string {
  return path.endsWith('.json') ? path : `${path}/`;
}

/** A route's own examples beside those of every route with a body. */
function withExamples(shared: ResponseObject, own: ResponseObject): ResponseObject {
  const examples = { ...own.content?.[json]?.examples, ...badFieldExamples };
  return { ...shared, content: { [json]: { ...shared.content![json], examples } } };
}
