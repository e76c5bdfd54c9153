import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import {
  BodyTooLarge,
  InvalidFields,
  NotAcceptable,
  ServiceUnavailable,
  Throttled,
  UnsupportedMediaType,
  type AnyRefusal,
} from '../error/refusal';
import { replyTo, serverErrorReply, type RefusalReply } from './refusal-replies';

type PathItemObject = OpenAPIObject['paths'][string];
type OperationObject = NonNullable<PathItemObject['get']>;
type ResponseObject = Extract<NonNullable<OperationObject['responses']['default']>, { description: string }>;
type SchemaObject = Exclude<NonNullable<NonNullable<OpenAPIObject['components']>['schemas']>[string], { $ref: string }>;

const about = `Sign-in by phone number: ask for a one-time code by text, then trade it for an access and a refresh token.

Every reply carries \`X-Request-Id\`. Bodies may be JSON, a form, or multipart with text fields. Paths are served with and
without the slash at their end.`;

/** Serves Swagger UI at `/api/docs/`, and the document as JSON and YAML. */
export function serveOpenApi(app: NestFastifyApplication): void {
  SwaggerModule.setup('api/docs', app, openApiDocument(app), {
    jsonDocumentUrl: 'api/openapi.json',
    yamlDocumentUrl: 'api/openapi.yaml',
    customSiteTitle: 'Hodi',
    swaggerOptions: { persistAuthorization: true, displayRequestDuration: true, tryItOutEnabled: true },
  });
}

/** What the controllers say of themselves, and what every route sends beside. */
function openApiDocument(app: NestFastifyApplication): OpenAPIObject {
  const config = new DocumentBuilder()
    .setTitle('Hodi')
    .setDescription(about)
    .setVersion('1')
    .setLicense('MIT', 'https://opensource.org/license/mit')
    .addServer('/')
    .addTag('account', 'Sign in')
    .addTag('health', 'For whoever runs the service')
    .build();
  const document = SwaggerModule.createDocument(app, config, {
    operationIdFactory: (_controller, method) => method,
  });
  const paths = Object.entries(document.paths).map(([path, item]) => [`${path}/`, completed(path, item)] as const);
  const schemas = { ...document.components?.schemas, Detail: detail, FieldFaults: fieldFaults };
  return {
    ...document,
    paths: Object.fromEntries(paths),
    components: { ...document.components, schemas },
  };
}

const detail: SchemaObject = {
  type: 'object',
  required: ['detail'],
  properties: { detail: { type: 'string', description: 'What is wrong, in a sentence.' } },
};

const fieldFaults: SchemaObject = {
  type: 'object',
  description: 'The faults of each bad field; of the body as a whole under `non_field_errors`.',
  minProperties: 1,
  additionalProperties: { type: 'array', items: { type: 'string' } },
};

const json = 'application/json';
const schemaOf = (name: 'Detail' | 'FieldFaults') => ({ $ref: `#/components/schemas/${name}` });
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

const ofAccountRoutes: Record<string, ResponseObject> = {
  429: refused(new Throttled(42), 'Too many requests from this address, or for this number.'),
  503: refused(new ServiceUnavailable(), 'The database does not answer.'),
};

const ofRoutesWithBody: Record<string, ResponseObject> = {
  400: {
    description: 'Fields are missing or bad, or the body cannot be read.',
    content: { [json]: { schema: { anyOf: [schemaOf('Detail'), schemaOf('FieldFaults')] }, examples: {} } },
  },
  413: refused(new BodyTooLarge(), 'The body is too large.'),
  415: refused(new UnsupportedMediaType('text/plain'), 'The body is none of the media types above.'),
};

const badFieldExamples = {
  required: {
    summary: 'A field is missing',
    value: replyTo(
      new InvalidFields(new Map([['phone_number', [{ code: 'required', message: 'This field is required.' }]]])),
    ).body,
  },
  malformed: {
    summary: 'The body is no JSON',
    value: { detail: 'JSON parse error - Expecting value: line 1 column 1 (char 0)' },
  },
};

function completed(path: string, item: PathItemObject): PathItemObject {
  const operations = Object.entries(item) as [string, OperationObject][];
  return Object.fromEntries(
    operations.map(([method, operation]) => {
      const responses: Record<string, ResponseObject> = {
        ...ofEveryRoute,
        ...(path.startsWith('/api/account/') ? ofAccountRoutes : {}),
        ...(operation.requestBody ? ofRoutesWithBody : {}),
      };
      for (const [status, own] of Object.entries(operation.responses) as [string, ResponseObject][]) {
        responses[status] = status === '400' ? withExamples(responses[400]!, own) : described(own);
      }
      return [method, { ...operation, security: [], responses }];
    }),
  );
}

function described(response: ResponseObject): ResponseObject {
  return { ...response, description: response.description || 'Done.' };
}

/** A route's own examples beside those of every route with a body. */
function withExamples(shared: ResponseObject, own: ResponseObject): ResponseObject {
  const examples = { ...own.content?.[json]?.examples, ...badFieldExamples };
  return { ...shared, content: { [json]: { ...shared.content![json], examples } } };
}
