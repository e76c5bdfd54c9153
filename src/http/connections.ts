import { Injectable } from '@nestjs/common';
import type { FastifyInstance } from 'fastify';
import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/** A first request may be on its way when the listener closes; after this it is not. */
const silenceMilliseconds = 1_000;
/** Replies take 2 s at most. What is unfinished after this is a request that does not come to its end. */
const finishMilliseconds = 3_000;

/** The connections of this process, and how they end when it stops. */
@Injectable()
export class Connections {
  private readonly open = new Set<Socket>();
  private server?: Server;
  private leaving = false;
  private closing = false;

  /** Follows each connection from its start to its end. To be called before the server listens. */
  watch(fastify: FastifyInstance): void {
    this.server = fastify.server;
    fastify.server.on('connection', (socket: Socket) => {
      this.open.add(socket);
      socket.once('close', () => this.open.delete(socket));
    });
    fastify.addHook('preClose', (done) => {
      this.close();
      done();
    });
    fastify.addHook('onSend', (_request, reply, payload, done) => {
      if (this.leaving) reply.header('Connection', 'close');
      done(null, payload);
    });
    // For a reply whose headers were sent before. Not before the listener closes: a request may be on its way.
    fastify.addHook('onResponse', (_request, _reply, done) => {
      if (this.closing) setImmediate(() => fastify.server.closeIdleConnections());
      done();
    });
  }

  /** From now on each reply ends its connection, so that callers go to other nodes. New connections are still taken. */
  leave(): void {
    this.leaving = true;
  }

  /**
   * Takes no new connection, and ends each one as soon as its reply is sent. `server.close()` alone ends only those that
   * are idle at that moment: not those whose reply comes later, nor those on which nothing was sent, which Node does not
   * call idle, nor those whose request never comes to its end.
   */
  close(): void {
    this.leave();
    if (this.closing) return;
    this.closing = true;
    this.server?.close();
    const end = (which: (socket: Socket) => boolean) => () =>
      [...this.open].filter(which).forEach((it) => it.destroy());
    setTimeout(
      end(({ bytesRead }) => bytesRead === 0),
      silenceMilliseconds,
    ).unref();
    setTimeout(
      end(() => true),
      finishMilliseconds,
    ).unref();
  }
}
