import { Injectable } from '@nestjs/common';
import type { FastifyInstance } from 'fastify';
import { Handlers } from './handlers';

/**
 * Which methods each path of the service has, and which paths need a token: Fastify itself only knows whether one method
 * has one path.
 */
@Injectable()
export class Routes {
  private readonly methods = new Map<string, Set<string>>();
  private behindToken?: string[];

  constructor(private readonly handlers: Handlers) {}

  /** Learns the methods of each route as it is made. To be called before the first one. */
  collect(fastify: FastifyInstance): void {
    fastify.addHook('onRoute', ({ url, method }) => {
      if (url.includes('*')) return;
      const path = withSlash(url);
      const known = this.methods.get(path) ?? new Set();
      [method].flat().forEach((it) => known.add(it));
      this.methods.set(path, known);
    });
  }

  /**
   * What a request to this path needs first, whatever its method.
   *
   * @param path decoded, with or without the slash at its end
   * @returns whether any route of the path is `@SignedIn()`
   */
  demandsToken(path: string): boolean {
    this.behindToken ??= this.handlers.pathsBehindToken();
    return this.behindToken.some((pattern) => matches(pattern, withSlash(path)));
  }

  /** @returns the methods of a decoded path in the order of REST framework's `Allow`, or none if there is no such path */
  allowed(path: string): string[] {
    const wanted = withSlash(path);
    const methods = [...this.methods]
      .filter(([pattern]) => matches(pattern, wanted))
      .flatMap(([, known]) => [...known]);
    return methods.length === 0 ? [] : order.filter((method) => method === 'OPTIONS' || methods.includes(method));
  }
}

const order = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'];

const withSlash = (path: string) => (path.endsWith('/') ? path : `${path}/`);

function matches(pattern: string, path: string): boolean {
  const parts = path.split('/');
  const wanted = pattern.split('/');
  return parts.length === wanted.length && wanted.every((it, place) => it.startsWith(':') || it === parts[place]);
}
