import { Agent, request } from 'node:http';
import { performance } from 'node:perf_hooks';
import type { Call } from './kinds';
import { percentile, type Server } from './server';

/** What a server made of a number of requests. */
export interface Trial {
  perSecond: number;
  /** Milliseconds. */
  p50: number;
  p95: number;
  p99: number;
  cpuSecondsPerThousand: number;
}

/**
 * Sends all calls over so many connections, each when the reply before it is there.
 * @param settled resolves when the server has done what the calls left for later, which counts as processor time
 * @throws Error for a reply with another status than the call's
 */
export async function measure(
  server: Server,
  calls: readonly Call[],
  connections: number,
  settled: () => Promise<void>,
): Promise<Trial> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const took: number[] = [];
  let next = 0;
  const work = async () => {
    for (let call = calls[next++]; call; call = calls[next++]) {
      const start = performance.now();
      await send(server.url, agent, call);
      took.push(performance.now() - start);
    }
  };
  const [began, cpuBefore] = [performance.now(), server.cpuSeconds];
  await Promise.all(Array.from({ length: connections }, work));
  const seconds = (performance.now() - began) / 1000;
  agent.destroy();
  await settled();
  const at = (share: number) => percentile(took, share);
  return {
    ...{ perSecond: calls.length / seconds, p50: at(0.5), p95: at(0.95), p99: at(0.99) },
    cpuSecondsPerThousand: ((server.cpuSeconds - cpuBefore) * 1000) / calls.length,
  };
}

/** @throws Error (rejects) for another status */
export function send(url: string, agent: Agent, { method, path, headers, body, status }: Call): Promise<void> {
  const length = body === '' ? {} : { 'Content-Length': Buffer.byteLength(body) };
  return new Promise((resolve, reject) => {
    const call = request(`${url}${path}`, { method, agent, headers: { ...headers, ...length } }, (reply) => {
      let text = '';
      reply.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      reply.on('error', reject);
      reply.on('end', () => {
        if (reply.statusCode === status) resolve();
        else reject(new Error(`${method} ${path}: ${reply.statusCode} ${text}`));
      });
    });
    call.on('error', reject);
    call.end(body);
  });
}
