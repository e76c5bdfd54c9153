import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** A line to a server that can be cut, held up and opened again. */
export class TcpProxy {
  private readonly sockets = new Set<Socket>();
  private readonly server: Server;
  private state: 'open' | 'cut' | 'silent' = 'open';
  private move = 0;
  private lastWords?: string;

  private constructor(host: string, port: number) {
    this.server = createServer((near) => {
      if (this.state === 'cut') return void near.destroy();
      const far = connect(port, host);
      for (const socket of [near, far]) {
        this.sockets.add(socket);
        socket.on('error', () => undefined);
        socket.on('close', () => [near, far].forEach((it) => it.destroy()));
      }
      const move = this.move;
      let said = false;
      near.on('data', (bytes) => {
        said ||= this.lastWords !== undefined && bytes.includes(this.lastWords);
        if (this.state === 'open' && move === this.move) far.write(bytes);
      });
      far.on('data', (bytes) => {
        if (said) this.cut();
        else if (this.state === 'open' && move === this.move) near.write(bytes);
      });
    });
  }

  static async to(url: string): Promise<TcpProxy> {
    const { hostname, port } = new URL(url);
    const proxy = new TcpProxy(hostname, Number(port));
    proxy.server.listen(0, '127.0.0.1');
    await once(proxy.server, 'listening');
    return proxy;
  }

  /** The URL of the server behind, by way of this proxy. */
  through(url: string): string {
    const changed = new URL(url);
    changed.hostname = '127.0.0.1';
    changed.port = String((this.server.address() as AddressInfo).port);
    return changed.href;
  }

  cut(): void {
    this.state = 'cut';
    this.sockets.forEach((socket) => socket.destroy());
    this.sockets.clear();
  }

  /** Connections stand, and nothing comes through any more. */
  fallSilent(): void {
    this.state = 'silent';
  }

  /** As when a server moves without a reset: the connections of before fall silent, new ones work. */
  moveServer(): void {
    this.move += 1;
  }

  /** Cuts all lines when the server has answered the words, before the answer comes through. */
  cutAfter(words: string): void {
    this.lastWords = words;
  }

  /** Lets everything through again; connections that were cut stay closed. */
  reopen(): void {
    this.state = 'open';
    this.lastWords = undefined;
  }

  close(): void {
    this.cut();
    this.server.close();
  }
}
