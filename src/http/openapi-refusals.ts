import type { RefusalCode } from '../error/refusal';
import type { ObjectSchema, Response, Schema } from './openapi-types';
import { json, problemJson } from './media-range';
import { problemTitles } from './problem';
import { replyFor, serverErrorReply, type RefusalReply } from './refusal-replies';
import type { RefusalSample } from './refusal-samples';

const detail: ObjectSchema = {
  type: 'object',
  required: ['detail'],
  properties: {
    detail: { type: 'string', description: 'What is wrong, in a sentence.' },
    code: { type: 'string', description: 'What is wrong, for programs; not with every refusal.' },
    messages: { type: 'array', items: { type: 'object' }, description: 'With a bad access token only.' },
  },
};

const problem: ObjectSchema = {
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

const fieldFaults: ObjectSchema = {
  type: 'object',
  description: 'The faults of each bad field; of the body as a whole under `non_field_errors`.',
  minProperties: 1,
  additionalProperties: { type: 'array', items: { type: 'string' } },
};

const notReady: ObjectSchema = {
  type: 'object',
  required: ['status', 'parts'],
  properties: {
    status: { type: 'string', enum: ['unavailable'] },
    parts: { type: 'object', additionalProperties: { type: 'string', enum: ['up', 'degraded', 'down'] } },
  },
};

/** For the document's components. */
export const refusalSchemas = { Detail: detail, FieldFaults: fieldFaults, Problem: problem };

const named = (name: keyof typeof refusalSchemas): Schema => ({ $ref: `#/components/schemas/${name}` });

const ofFields: readonly RefusalCode[] = ['invalid_fields', 'challenge_required', 'challenge_invalid'];

const schemaOf = (code: RefusalCode): Schema =>
  ofFields.includes(code) ? named('FieldFaults') : code === 'not_ready' ? notReady : named('Detail');

/**
 * The documented replies of a route that refuses: each refusal is an example of its status.
 *
 * @param samples the first one of a code describes it, the others are more examples
 * @returns by status, with the 500 that every route may send
 */
export function refusalResponses(samples: readonly RefusalSample[]): Record<string, Response> {
  const byStatus = new Map<number, Map<string, RefusalSample>>();
  for (const sample of samples) {
    const { status, body } = replyFor(sample.refusal);
    const ofStatus = byStatus.get(status) ?? new Map<string, RefusalSample>();
    // What a route declares beside a rule is one example.
    const key = JSON.stringify([sample.refusal.code, body]);
    byStatus.set(status, ofStatus.has(key) ? ofStatus : ofStatus.set(key, sample));
  }
  const responses = [...byStatus].map(([status, group]) => [status, responseTo([...group.values()])] as const);
  return { ...Object.fromEntries(responses), [serverErrorReply.status]: serverError };
}

const serverError: Response = {
  description: 'Our own fault; the log tells more under the `X-Request-Id`.',
  content: {
    [json]: { schema: named('Detail'), example: serverErrorReply.body },
    [problemJson]: { schema: named('Problem') },
  },
};

const retryAfter = { description: 'Seconds to wait.', schema: { type: 'integer' as const, minimum: 1 } };

function responseTo(samples: readonly RefusalSample[]): Response {
  const replies = samples.map(({ refusal }) => replyFor(refusal));
  const schemas = [
    ...new Map(samples.map(({ refusal: { code } }) => [JSON.stringify(schemaOf(code)), schemaOf(code)])),
  ];
  return {
    description: firstOfEachCode(samples)
      .map(({ when }) => when)
      .join(' '),
    ...(replies.some(({ headers }) => headers?.['Retry-After']) ? { headers: { 'Retry-After': retryAfter } } : {}),
    content: {
      [json]: {
        schema: schemas.length === 1 ? schemas[0]![1] : { anyOf: schemas.map(([, schema]) => schema) },
        ...examplesOf(samples, replies),
      },
      [problemJson]: { schema: named('Problem') },
    },
  };
}

function firstOfEachCode(samples: readonly RefusalSample[]): RefusalSample[] {
  const codes = samples.map(({ refusal }) => refusal.code);
  return samples.filter((_sample, place) => codes.indexOf(codes[place]!) === place);
}

function examplesOf(samples: readonly RefusalSample[], replies: readonly RefusalReply[]) {
  if (replies.length === 1) return { example: replies[0]!.body };
  const examples = samples.map(({ refusal: { code }, when }, place) => {
    const earlier = samples.slice(0, place).filter((it) => it.refusal.code === code).length;
    return [earlier === 0 ? code : `${code}_${earlier + 1}`, { summary: when, value: replies[place]!.body }] as const;
  });
  return { examples: Object.fromEntries(examples) };
}
