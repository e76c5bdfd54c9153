import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { LRUCache } from 'lru-cache';
import { ClientSettings } from '../client/client-settings';
import { Log } from '../log/log';
import { HttpSettings } from './http-settings';

/** Pages that a developer's own machine serves. */
const local = /^http:\/\/(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/;

/** Whose pages may call (RFC 6454): our own origin, those of `CORS_ORIGINS`, and in development those of this machine. */
@Injectable()
export class Origins {
  /** Bounded: an origin is text from outside. */
  private readonly refused = new LRUCache<string, true>({ max: 1_000 });
  private readonly ownOrigin?: string;

  constructor(
    private readonly settings: HttpSettings,
    { publicUrl }: ClientSettings,
    private readonly log: Log,
  ) {
    if (publicUrl !== undefined) this.ownOrigin = new URL(publicUrl).origin;
  }

  /** Whether pages of any other origin than ours may call; if none may, no reply has CORS headers. */
  get areListed(): boolean {
    return this.settings.development || this.settings.corsOrigins.length > 0;
  }

  /**
   * Whether pages of this origin may call.
   *
   * @param origin as the header `Origin` has it (RFC 6454 section 6.2)
   */
  isListed(origin: string): boolean {
    return this.settings.corsOrigins.includes(origin) || (this.settings.development && local.test(origin));
  }

  /**
   * Whether a page sent this that may not (Fetch Metadata; Fetch standard, section 3.1). Programs that are no browsers send
   * neither header.
   */
  isCrossSite(request: FastifyRequest): boolean {
    const { origin } = request.headers;
    if (origin !== undefined && this.isListed(origin)) return false;
    return fetchSite(request).includes('cross-site') || (origin !== undefined && !this.isOwn(request, origin));
  }

  /** Logs an origin that is refused, once. */
  noteRefused(request: FastifyRequest): void {
    const { origin } = request.headers;
    if (origin === undefined || this.isListed(origin) || this.isOwn(request, origin)) return;
    if (!isOrigin(origin) || this.refused.has(origin)) return;
    this.refused.set(origin, true);
    this.log.event('an origin is refused; CORS_ORIGINS does not list it', { origin: loggable(origin) });
  }

  /**
   * Without `PUBLIC_URL` the browser's word counts, or the request's `Host`, whose scheme a proxy may have changed. A page
   * can forge neither.
   */
  private isOwn(request: FastifyRequest, origin: string): boolean {
    if (this.ownOrigin !== undefined) return origin === this.ownOrigin;
    return fetchSite(request) === 'same-origin' || isAt(origin, request.host);
  }
}

function fetchSite({ headers }: FastifyRequest): string {
  return String(headers['sec-fetch-site'] ?? '').toLowerCase();
}

const isOrigin = (text: string) => URL.canParse(text) && new URL(text).origin === text;

/** `https://hodi.test` is at `hodi.test:443`. */
function isAt(origin: string, host: string): boolean {
  if (!isOrigin(origin)) return false;
  const { protocol, host: expected } = new URL(origin);
  const own = `${protocol}//${host}`;
  return URL.canParse(own) && new URL(own).host === expected;
}

function loggable(origin: string): string {
  const { protocol, hostname, port } = new URL(origin);
  const name = hostname.replace(/\d{5,}/g, '<digits>').slice(0, 80);
  return `${protocol}//${name}${port && `:${port}`}`;
}
