import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import { Handlers } from './handlers';
import { refusalResponses, refusalSchemas } from './openapi-refusals';
import type { Operation, PathItem, Response } from './openapi-types';
import { refusalsByRule } from './refusal-rules';
import { sampleOf } from './refusal-samples';
import { bodyMediaTypes } from './request-body';

const about = `Sign-in by phone number: ask for a one-time code by text, then trade it for an access and a refresh token.

Every reply carries \`X-Request-Id\`. Bodies may be JSON, a form, or multipart with text fields. Paths are served with and
without the slash at their end.`;

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
  const schemas = { ...document.components?.schemas, ...refusalSchemas };
  const handlers = app.get(Handlers);
  const completed = (path: string, method: string, operation: Operation): Operation => {
    const byRule = refusalsByRule(path, method, operation, schemas);
    const own = handlers.refusalsOf(operation.operationId!);
    return {
      ...operation,
      ...(operation.requestBody ? { requestBody: inEveryMediaType(operation.requestBody) } : {}),
      security: operation.security ?? [],
      responses: { ...successes(operation), ...refusalResponses([...byRule, ...own].map(sampleOf)) },
    };
  };
  const paths = Object.entries(document.paths).map(([path, item]) => [
    documented(path),
    mapOperations(item, (method, operation) => completed(path, method, operation)),
  ]);
  return {
    ...document,
    paths: Object.fromEntries(paths) as OpenAPIObject['paths'],
    components: { ...document.components, schemas },
  };
}

function mapOperations(item: PathItem, change: (method: string, operation: Operation) => Operation): PathItem {
  const operations = Object.entries(item) as [string, Operation][];
  return Object.fromEntries(operations.map(([method, operation]) => [method, change(method, operation)]));
}

/** The replies that the controllers' types tell of. */
function successes({ responses }: Operation): Record<string, Response> {
  const own = Object.entries(responses) as [string, Response][];
  return Object.fromEntries(
    own.map(([status, response]) => [status, { ...response, description: response.description || 'Done.' }]),
  );
}

/** What `RequestBody` reads. */
function inEveryMediaType(body: NonNullable<Operation['requestBody']>): Operation['requestBody'] {
  if ('$ref' in body) return body;
  const [media] = Object.values(body.content);
  return { ...body, content: Object.fromEntries(bodyMediaTypes.map((type) => [type, media!])) };
}

/** Nest drops the slash at the end of a path; ours have it, files have none. */
function documented(path: string): string {
  return path.endsWith('.json') ? path : `${path}/`;
}
