import fc from 'fast-check';
import { Agent, request as open } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { postJson, requestOtpPath, verifyPath, type HttpReply } from '../support/http-client';
import { expectDocumented, openApiDocument } from '../support/openapi-document';
import type { ServiceProcess } from '../support/service-process';
import { accessMark, refreshMark } from './bodies';
import { fuzzRequests, type FuzzRequest } from './requests';

interface FuzzOptions {
  /** How many requests, and how long at most, in seconds. */
  requests: number;
  seconds: number;
  /** The same seed makes the same requests. */
  seed: number;
  /** Requests under way at once. */
  connections?: number;
  progress?: (made: number) => void;
}

export interface FuzzReport {
  made: number;
  statuses: Record<string, number>;
  /** What must not be, in a sentence each, with the first request that led to it; 20 at most. */
  faults: string[];
}

/** After so many requests another one signs in, as some of them end the session or the account. */
const batch = 250;
const mostFaults = 20;
const longestReply = 1_024;
/** Of what no document speaks of: pages, paths that are none, methods that a path does not have. */
const elsewhere = [200, 204, 304, 400, 401, 403, 404, 405, 406, 408, 413, 414, 415, 429, 431];

/** Sends odd requests to a running service, and checks how it answers them. */
export class Fuzzer {
  private readonly agent: Agent;
  private readonly report: FuzzReport = { made: 0, statuses: {}, faults: [] };
  private tokens = { access: '', refresh: '' };
  private numbers = 0;

  constructor(
    private readonly service: ServiceProcess,
    private readonly options: FuzzOptions,
  ) {
    this.agent = new Agent({ keepAlive: true, maxSockets: options.connections ?? 32 });
  }

  /** Until the requests or the seconds are over, or too many faults were seen. */
  async run(): Promise<FuzzReport> {
    const { requests, seconds, seed, progress } = this.options;
    const arbitrary = fuzzRequests(openApiDocument());
    const over = AbortSignal.timeout(seconds * 1000);
    for (let turn = 0; this.report.made < requests && !over.aborted; turn += 1) {
      await this.signIn();
      const numRuns = Math.min(batch, requests - this.report.made);
      await this.sendAll(fc.sample(arbitrary, { numRuns, seed: seed + turn }));
      if (this.report.faults.length >= mostFaults) break;
      progress?.(this.report.made);
    }
    this.agent.destroy();
    return this.report;
  }

  private async signIn(): Promise<void> {
    const phone_number = `+44740${String(1_000_000 + (this.numbers += 1)).slice(0, 7)}`;
    const { url } = this.service;
    await postJson(url, requestOtpPath, { phone_number });
    const reply = await postJson(url, verifyPath, { phone_number, otp: await this.service.codeFor(phone_number) });
    this.tokens = JSON.parse(reply.text) as typeof this.tokens;
  }

  private async sendAll(requests: FuzzRequest[]): Promise<void> {
    const waiting = requests.values();
    const work = async () => {
      for (const request of waiting) await this.try(this.withTokens(request));
    };
    await Promise.all(Array.from({ length: this.agent.maxSockets }, work));
  }

  private withTokens(request: FuzzRequest): FuzzRequest {
    const put = (text: string) =>
      text.replaceAll(accessMark, this.tokens.access).replaceAll(refreshMark, this.tokens.refresh);
    const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, put(value)]));
    const body = request.body.includes(refreshMark) ? Buffer.from(put(request.body.toString())) : request.body;
    return { ...request, headers, body };
  }

  private async try(request: FuzzRequest): Promise<void> {
    this.report.made += 1;
    try {
      const reply = await this.send(request);
      this.count(String(reply.status));
      const fault = faultOf(request, reply);
      if (fault !== undefined) this.blame(request, fault);
    } catch (error) {
      const { code = String(error) } = error as NodeJS.ErrnoException;
      // A body over the limit is refused before it is here as a whole, and what is no HTTP before its method is known.
      const cutOff = request.body.length > 8_192 ? ['ECONNRESET', 'EPIPE'] : [];
      if ([...cutOff, ...(request.method === 'HEAD' ? ['HPE_CLOSED_CONNECTION'] : [])].includes(code))
        this.count('cut off');
      else this.blame(request, `no reply: ${code}`);
    }
  }

  private count(outcome: string): void {
    this.report.statuses[outcome] = (this.report.statuses[outcome] ?? 0) + 1;
  }

  private blame(request: FuzzRequest, fault: string): void {
    const { faults } = this.report;
    if (faults.length >= mostFaults || faults.some((known) => known.startsWith(`${fault}\n`))) return;
    const { method, path, headers, body } = request;
    const parts = [path, JSON.stringify(headers), JSON.stringify(body.toString('latin1'))];
    const lines = [method, ...parts.map((part) => part.slice(0, 500))];
    faults.push(`${fault}\n  ${lines.join('\n  ')}`);
  }

  private async send({ method, path, headers, body }: FuzzRequest): Promise<HttpReply> {
    const over = new AbortController();
    const reply = new Promise<HttpReply>((resolve, reject) => {
      const length = body.length > 0 || method === 'POST' ? { 'Content-Length': String(body.length) } : {};
      const options = { method, path, headers: { ...length, ...headers }, agent: this.agent, signal: over.signal };
      const call = open(this.service.url, options, (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.on('error', reject);
        incoming.on('end', () =>
          resolve({
            status: incoming.statusCode ?? 0,
            headers: incoming.headers as Record<string, string>,
            text: Buffer.concat(chunks).toString(),
          }),
        );
      });
      call.on('error', reject);
      call.end(body);
    });
    const waited = pause(20_000, undefined, { signal: over.signal }).then(() => Promise.reject(new Error('20 s')));
    return Promise.race([reply, waited]).finally(() => over.abort());
  }
}

/** @returns what is wrong with a reply; undefined if nothing is */
function faultOf({ method, path, documented }: FuzzRequest, reply: HttpReply): string | undefined {
  const { status, headers, text } = reply;
  if (status >= 500) return `${status} ${text.slice(0, 300)}`;
  if (headers['x-request-id'] === undefined) return `${status} without X-Request-Id`;
  if (status >= 400 && Buffer.byteLength(text) > longestReply) return `${status} of ${text.length} characters`;
  if (status >= 400 && !/^application\/(problem\+)?json$/.test(headers['content-type'] ?? ''))
    return `${status} as ${headers['content-type']}`;
  // Headers that are too large end in Node's parser, before there is a route.
  if (!documented || status === 431)
    return elsewhere.includes(status) ? undefined : `${status}, which nothing speaks of`;
  try {
    expectDocumented(method, path, reply);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}
