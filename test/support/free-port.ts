import { once } from 'node:events';
import { createServer } from 'node:net';

/** Below the ports that systems choose from, so that no other program gets it in between. */
let lastPort = 20_000 + (process.pid % 10_000);

/** A port of 127.0.0.1 that no program is listening on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen((lastPort += 1), '127.0.0.1');
  const listening = await once(server, 'listening').then(
    () => true,
    () => false,
  );
  if (!listening) return freePort();
  await once(server.close(), 'close');
  return lastPort;
}
