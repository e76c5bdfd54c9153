import type { OpenAPIObject } from '@nestjs/swagger';
import { isAccountPath, isPublicPath, isReceiptPath } from '../client/request-path';
import {
  AccessTokenNotValid,
  BadAuthorizationHeader,
  BodyTooLarge,
  CrossSiteRequest,
  InvalidFields,
  MalformedBody,
  MalformedRequest,
  NotAcceptable,
  NotAuthenticated,
  ServiceUnavailable,
  Throttled,
  UnsupportedMediaType,
} from '../error/refusal';
import type { DeclaredRefusal } from '../error/refuses';
import type { ObjectSchema, Operation } from './openapi-types';
import { receiptBodyLimit } from './request-body';

/**
 * The refusals that the front door sends before the route has its turn: they follow from the path, the method, and whether
 * there are a token and a body.
 *
 * @param path as the document has it
 * @param method in small letters
 */
export function refusalsByRule(
  path: string,
  method: string,
  { security, requestBody }: Operation,
  schemas: Schemas,
): DeclaredRefusal[] {
  const isCounted = isAccountPath(path) || isReceiptPath(path) || isPublicPath(path);
  const isForCallers = (security ?? []).length > 0;
  return [
    { refusal: NotAcceptable },
    ...(isAccountPath(path) && method !== 'get' ? [{ refusal: CrossSiteRequest }] : []),
    ...(isForCallers ? [NotAuthenticated, BadAuthorizationHeader, AccessTokenNotValid].map(alone) : []),
    ...(isCounted ? [{ refusal: Throttled }] : []),
    ...(requestBody === undefined ? [] : refusalsOfBody(path, requestBody, schemas)),
    ...(isAccountPath(path) ? [{ refusal: ServiceUnavailable }] : []),
  ];
}

type Schemas = NonNullable<OpenAPIObject['components']>['schemas'];

const alone = (refusal: DeclaredRefusal['refusal']): DeclaredRefusal => ({ refusal });

function refusalsOfBody(path: string, body: Operation['requestBody'], schemas: Schemas): DeclaredRefusal[] {
  return [
    // Any route may send 400 for a bad `Host`; it is shown where 400 is a usual reply.
    ...[MalformedRequest, UnsupportedMediaType, MalformedBody].map(alone),
    ...badFields(schemaOf(body, schemas)),
    { refusal: isReceiptPath(path) ? new BodyTooLarge(receiptBodyLimit) : BodyTooLarge },
  ];
}

/** What is most often wrong with fields that several bodies have. */
const usualFaults: Readonly<Record<string, [message: string, when: string]>> = {
  phone_number: ['Enter a valid phone number.', 'Not a phone number.'],
  otp: ['Ensure this field has no more than 6 characters.', 'Not the length of a code.'],
};

function badFields({ properties = {}, required = [] }: ObjectSchema): DeclaredRefusal[] {
  const [first] = required;
  const known = Object.keys(properties).filter((field) => field in usualFaults);
  return [
    { refusal: InvalidFields },
    ...(first === undefined ? [] : [badField(first, 'This field is required.', 'A field is missing.')]),
    ...known.map((field) => badField(field, ...usualFaults[field]!)),
  ];
}

function badField(field: string, message: string, when: string): DeclaredRefusal {
  return { refusal: new InvalidFields(new Map([[field, [{ code: 'invalid', message }]]])), when };
}

/** The schema of the body's fields; one without fields where the body is not a DTO's. */
function schemaOf(body: Operation['requestBody'], schemas: Schemas = {}): ObjectSchema {
  const [media] = body !== undefined && 'content' in body ? Object.values(body.content) : [];
  const name = media?.schema && '$ref' in media.schema ? media.schema.$ref.split('/').at(-1)! : '';
  return (schemas[name] as ObjectSchema | undefined) ?? {};
}
