import type { OpenAPIObject } from '@nestjs/swagger';
import fc from 'fast-check';
import { METHODS } from 'node:http';
import { toUSVString } from 'node:util';
import { receiptToken } from '../simulator/provider-server';
import { accessMark, bodyOf, refreshMark, type FuzzBody } from './bodies';
import { forgedToken, headerText, hostileText } from './hostile';

/** A request as it is sent, but for the tokens of the caller, which stand in it by name. */
export interface FuzzRequest {
  method: string;
  path: string;
  headers: Record<string, string>;
  body: Buffer;
  /** The OpenAPI document says how this one may be answered. */
  documented: boolean;
}

interface Route {
  template: string;
  method: string;
  /** Names of the fields of its body; undefined where it has none. */
  fields?: string[];
  parameters: { name: string; in: string; schema?: { enum?: string[] } }[];
}

const idsInPaths = fc.oneof(fc.uuid(), hostileText);
const extraPaths = [
  ...['/', '/api/', '/api/account/', '/api/docs/', '/api/docs', '/api/openapi.json', '/api/openapi.yaml'],
  ...['/api/docs/swagger-ui.css', '/api/docs/index.css', '/api/docs/package.json', '/api/docs/../../package.json'],
  ...['/metrics', '/metrics/', '/health/', '/health', '/favicon.ico', '/.env', '/.git/config', '/admin/', '/page/'],
  ...['/api/account/challenge/', '/.well-known/', '/api/sms/receipts/', '/api/sms/receipts', '/robots.txt', '/*'],
];
const oddPaths = [
  ...['/%', '/%zz', '/%00', '/%2e%2e/', '//', '/..', '/api%2Faccount/', '/api/account/%E0%A4%A/', '/api//account//me/'],
  ...[
    '/API/ACCOUNT/ME/',
    '/api/account/me/?',
    '/api/account/me/#a',
    `/${'a'.repeat(4_000)}`,
    '/\u00ff',
    '*',
    'http://x/api/',
  ],
];
const methods = METHODS.filter((method) => method !== 'CONNECT');

/** @returns requests to all routes of a document, and around them: as clients send them, and as they should not */
export function fuzzRequests(document: OpenAPIObject): fc.Arbitrary<FuzzRequest> {
  const routes = routesOf(document);
  const isNamed = (method: string, template: string) =>
    routes.some((it) => it.method === method && it.template === template);
  const toRoutes = fc.constantFrom(...routes).chain((route) =>
    fc
      .record({
        method: often(fc.constant(route.method), fc.constantFrom(...methods)),
        target: targetOf(route),
        headers: headersOf(route),
        body: route.fields
          ? bodyOf(route.fields, route.template.includes('/receipts/'))
          : often(emptyBody, bodyOf(['otp'], false)),
      })
      .map(({ method, target, headers, body }) =>
        written(method, target, headers, body, isNamed(method, route.template)),
      ),
  );
  const elsewhere = fc
    .record({
      method: fc.constantFrom('GET', 'POST', 'HEAD', 'OPTIONS', ...methods),
      target: fc.oneof(
        fc.constantFrom(...extraPaths, ...oddPaths),
        hostileText.map((text) => `/${text}`),
      ),
      headers: headersOf(),
      body: often(emptyBody, bodyOf(['otp'], false)),
    })
    .map(({ method, target, headers, body }) => written(method, target, headers, body, false));
  return fc.oneof({ weight: 6, arbitrary: toRoutes }, { weight: 1, arbitrary: elsewhere });
}

const often = <Value>(usual: fc.Arbitrary<Value>, odd: fc.Arbitrary<Value>) =>
  fc.oneof({ weight: 6, arbitrary: usual }, { weight: 1, arbitrary: odd });
const sometimes = (value: fc.Arbitrary<string>) =>
  fc.oneof({ weight: 8, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: value });
const emptyBody: fc.Arbitrary<FuzzBody> = fc.constant({ bytes: Buffer.alloc(0) });

function routesOf({ paths, components }: OpenAPIObject): Route[] {
  return Object.entries(paths).flatMap(([template, item]) =>
    Object.entries(item as Record<string, Operation>).map(([method, { requestBody, parameters = [] }]) => {
      const schema = requestBody?.content['application/json']?.schema;
      const named = schema?.$ref ? components?.schemas?.[schema.$ref.split('/').at(-1)!] : schema;
      const fields = requestBody && Object.keys((named as { properties?: object } | undefined)?.properties ?? {});
      return { template, method: method.toUpperCase(), fields, parameters };
    }),
  );
}

interface Operation {
  requestBody?: { content: Record<string, { schema?: { $ref?: string } }> };
  parameters?: Route['parameters'];
}

function targetOf({ template, parameters }: Route): fc.Arbitrary<string> {
  const inPath = parameters.filter((it) => it.in === 'path');
  const inQuery = parameters.filter((it) => it.in === 'query').map(({ name }) => name);
  const values = inPath.map(({ schema }) =>
    often(schema?.enum ? fc.constantFrom(...schema.enum) : fc.uuid(), idsInPaths),
  );
  const isReceipt = template.includes('/receipts/');
  const names = isReceipt
    ? ['token', 'id', 'status', 'MessageStatus', 'client-ref', 'sig', 'timestamp']
    : [...inQuery, 'page'];
  const pair = fc.tuple(
    fc.constantFrom(...names, 'a[]', '__proto__'),
    fc.oneof(fc.constantFrom('1', 'last', 'delivered'), hostileText),
  );
  return fc
    .record({
      values: fc.tuple(...values),
      slash: fc.boolean(),
      query: fc.array(pair, { maxLength: 3 }),
      hasToken: fc.boolean(),
    })
    .map(({ values, slash, query, hasToken }) => {
      const path = inPath.reduce(
        (text, { name }, index) => text.replace(`{${name}}`, escaped(values[index]!) || '-'),
        template,
      );
      const pairs = query.map(([name, value]) => `${escaped(name)}=${escaped(value).slice(0, 4_000)}`);
      if (isReceipt && hasToken) pairs.unshift(`token=${receiptToken}`);
      return `${slash ? path : path.replace(/\/$/, '')}${pairs.length > 0 ? `?${pairs.join('&')}` : ''}`;
    });
}

/** As an URL holds it; what cannot be escaped as UTF-8 stands as a bad escape. */
function escaped(text: string): string {
  return encodeURIComponent(toUSVString(text)).slice(0, 3_000);
}

const accepts = ['application/json', 'application/problem+json', '*/*', 'text/html', 'application/*;q=0', ''];

function headersOf(route?: Route): fc.Arbitrary<Record<string, string>> {
  const key = fc.oneof(fc.uuid(), headerText);
  const authorization = fc.oneof(
    { weight: 6, arbitrary: fc.constant(`Bearer ${accessMark}`) },
    forgedToken.map((token) => `Bearer ${token}`),
    fc.constantFrom(`Bearer ${refreshMark}`, 'Bearer', 'Basic Og==', `Bearer ${accessMark} x`, `bearer ${accessMark}`),
    headerText,
  );
  const needsToken = route?.template.startsWith('/api/account/') ?? false;
  return fc
    .record({
      Accept: sometimes(fc.oneof(fc.constantFrom(...accepts), headerText)),
      Authorization: needsToken ? fc.option(authorization, { freq: 4, nil: undefined }) : sometimes(authorization),
      'Idempotency-Key': sometimes(key),
      'X-Request-Id': sometimes(key),
      'X-Forwarded-For': sometimes(fc.oneof(fc.constantFrom('203.0.113.8:4711', '[::1]:1', '010.1.2.3'), headerText)),
      'Accept-Language': sometimes(fc.oneof(fc.constantFrom('sw', 'en_US', 'i-default', 'x-klingon'), headerText)),
      Origin: sometimes(fc.oneof(fc.constantFrom('null', 'https://evil.test'), headerText)),
      'Sec-Fetch-Site': sometimes(fc.constantFrom('same-origin', 'cross-site', 'none', 'x')),
      'User-Agent': sometimes(headerText),
      'X-Device-Token': sometimes(headerText),
      'X-Twilio-Signature': sometimes(headerText),
      'Webhook-Id': sometimes(headerText),
      'Webhook-Timestamp': sometimes(fc.constantFrom('1', '1e99', '-1', 'x')),
      'Webhook-Signature': sometimes(fc.oneof(fc.constantFrom('v1,', 'v1', ',', 'v1,AAAA v1,='), headerText)),
      'If-None-Match': sometimes(headerText),
      Cookie: sometimes(headerText),
    })
    .map(
      (headers) =>
        Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== undefined)) as Record<
          string,
          string
        >,
    );
}

function written(
  method: string,
  target: string,
  headers: Record<string, string>,
  body: FuzzBody,
  documented: boolean,
): FuzzRequest {
  // What Node's client does not send.
  const path = target.replaceAll(/[^\x21-\xff]/g, (character) => escaped(character));
  const type: Record<string, string> = body.type === undefined ? {} : { 'Content-Type': body.type };
  return { method, path, headers: { ...headers, ...type }, body: body.bytes, documented };
}
