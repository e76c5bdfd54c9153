import { Ajv, type ValidateFunction } from 'ajv';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { OpenAPIObject } from '@nestjs/swagger';
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

/** @throws if a documented route answers with a status, a media type or a body that the document does not name */
export function expectDocumented(method: string, path: string, { status, headers, text }: HttpReply): void {
  const { document, ajv } = load();
  const route = Object.keys(document.paths).find((template) => matches(template, decodeURI(path.split('?')[0] ?? '')));
  if (route === undefined) return;
  const verb = method.toLowerCase() as 'post';
  const operation = document.paths[route]?.[verb];
  if (operation === undefined) return;
  const type = headers['content-type'];
  const response = operation.responses[status] as { content?: Record<string, unknown> } | undefined;
  if (response && response.content === undefined && text === '') return;
  if (response?.content?.[type ?? ''] === undefined) {
    throw new Error(`not in the OpenAPI document: ${method} ${route} ${status} ${type}`);
  }
  const pointer = ['paths', route, verb, 'responses', String(status), 'content', type!, 'schema']
    .map((part) => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1')))
    .join('/');
  const validate = validators.get(pointer) ?? ajv.compile({ $ref: `openapi#/${pointer}` });
  validators.set(pointer, validate);
  if (!validate(JSON.parse(text))) {
    throw new Error(
      `not as the OpenAPI document says: ${method} ${route} ${status}: ${ajv.errorsText(validate.errors)}`,
    );
  }
}

function matches(template: string, path: string): boolean {
  const parts = (it: string) => it.split('/').filter((part) => part !== '');
  const wanted = parts(template);
  const given = parts(path);
  return wanted.length === given.length && wanted.every((part, place) => part.startsWith('{') || part === given[place]);
}
