import type { FastifyInstance } from 'fastify';
import type { Socket } from 'node:net';

/** A first request may be on its way while the server is told to stop; after this it is not. */
const silenceMilliseconds = 1_000;

/**
 * Lets the server close as soon as the replies in flight are out. `server.close()` by itself ends only connections
 * that are idle at that moment: neither those whose reply comes later, which are then kept for the keep-alive time,
 * nor those that have sent nothing yet, which Node does not call idle.
 */
export function closeConnectionsWhenStopping(fastify: FastifyInstance): void {
  const open = new Set<Socket>();
  let stopping = false;
  fastify.server.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });
  fastify.addHook('preClose', (done) => {
    stopping = true;
    setTimeout(() => open.forEach((it) => it.bytesRead === 0 && it.destroy()), silenceMilliseconds).unref();
    done();
  });
  fastify.addHook('onSend', (_request, reply, payload, done) => {
    if (stopping) reply.header('Connection', 'close');
    done(null, payload);
  });
  // For a reply whose headers were out before.
  fastify.addHook('onResponse', (_request, _reply, done) => {
    if (stopping) setImmediate(() => fastify.server.closeIdleConnections());
    done();
  });
}
