import { AsyncLocalStorage } from 'node:async_hooks';
import { IncomingMessage, Server, ServerResponse } from 'node:http';
import { watchStatements, type SentStatement } from './statement-watch';

/** What the service did for one request, as it is sent to the bench. */
export interface RequestRecord {
  path: string;
  statements: SentStatement[];
  /** Of the reply's body. */
  bytes: number;
}

/**
 * Loaded into the service before all else (`node -r`): sends the bench the statements of each request, in their order.
 * What the service does beside a request, such as sending texts, is left out.
 */
const underWay = new AsyncLocalStorage<RequestRecord & { isOver: boolean }>();
const responses = new WeakMap<ServerResponse, RequestRecord & { isOver: boolean }>();

watchStatements((statement) => {
  const record = underWay.getStore();
  if (record && !record.isOver) record.statements.push(statement);
});

const emit = Reflect.get(Server.prototype, 'emit') as (...given: unknown[]) => boolean;
Server.prototype.emit = function (this: Server, event: string | symbol, ...given: unknown[]): boolean {
  const [incoming, response] = given;
  if (event !== 'request' || !(incoming instanceof IncomingMessage)) return emit.call(this, event, ...given);
  const record = { path: incoming.url ?? '', statements: [], bytes: 0, isOver: false };
  responses.set(response as ServerResponse, record);
  return underWay.run(record, () => emit.call(this, event, ...given));
};

const end = Reflect.get(ServerResponse.prototype, 'end') as (...given: unknown[]) => ServerResponse;
ServerResponse.prototype.end = function (this: ServerResponse, ...given: unknown[]): ServerResponse {
  const record = responses.get(this);
  if (record && !record.isOver) {
    record.isOver = true;
    const [body] = given;
    const bytes = typeof body === 'string' || Buffer.isBuffer(body) ? Buffer.byteLength(body) : 0;
    const { path, statements } = record;
    process.send!({ path, statements, bytes } satisfies RequestRecord);
  }
  return end.apply(this, given);
} as typeof end;
