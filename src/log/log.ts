import { Inject, Injectable, type LoggerService } from '@nestjs/common';
import pino, { type DestinationStream, type Logger } from 'pino';
import { LogSettings } from './log-settings';

/** Injects where lines of the log go: standard output, or what a test reads. */
export const LOG_DESTINATION = Symbol('LOG_DESTINATION');

/** All that a log line may say beside its time, its level and what happened. No field can hold what a request said. */
export interface LogFields {
  requestId?: string;
  method?: string;
  /** The route's pattern, never the path as sent. */
  route?: string;
  status?: number;
  milliseconds?: number;
  /** By how much this machine's clock is ahead of the database's. */
  offsetMilliseconds?: number;
  messageId?: string;
  accountId?: string;
  sessionId?: string | null;
  /** A keyed hash of the number. */
  phone?: string | null;
  /** Of the client: IPv4 by /24, IPv6 by /48; empty if it is unknown. */
  network?: string;
  /** What a code is for. */
  purpose?: string;
  /** What came of it, in a word. */
  outcome?: string;
  transport?: string;
  attempt?: number;
  /** Of docs/limits.md. */
  rule?: string;
  count?: number;
  limit?: number;
  /** A country, or the beginning of numbers without the last 6 digits. */
  place?: string;
  reason?: string;
  url?: string;
  /** As a browser sent it, without runs of digits, 100 characters at most. */
  origin?: string;
}

/** JSON lines for operators. Nest itself logs through `log` and the methods after it. */
@Injectable()
export class Log implements LoggerService {
  private readonly pino: Logger;

  constructor({ logLevel }: LogSettings, @Inject(LOG_DESTINATION) destination: DestinationStream) {
    this.pino = pino(
      { level: logLevel, base: { service: 'hodi', pid: process.pid }, timestamp: pino.stdTimeFunctions.isoTime },
      destination,
    );
  }

  /**
   * Logs what happened, at level info.
   * @param what fixed words, never made from a request
   */
  event(what: string, fields: LogFields = {}): void {
    this.pino.info(fields, what);
  }

  /**
   * Logs what failed, at level error.
   * @param what fixed words, never made from a request
   * @param cause logged without values of statements, runs of digits and tokens
   */
  trouble(what: string, cause: unknown, fields: LogFields = {}): void {
    this.pino.error({ ...fields, error: describe(cause) }, what);
  }

  /** At level debug: Nest tells of each module and route while it starts. */
  log(message: unknown): void {
    this.pino.debug(text(message));
  }

  /** At level trace. */
  debug(message: unknown): void {
    this.pino.trace(text(message));
  }

  /** At level trace. */
  verbose(message: unknown): void {
    this.pino.trace(text(message));
  }

  /** At level warn. */
  warn(message: unknown): void {
    this.pino.warn(text(message));
  }

  /** At level error. @param message text, or an error, which is logged as by `trouble` */
  error(message: unknown): void {
    this.pino.error({ error: describe(message) }, 'error');
  }

  /** At level fatal. @param message text, or an error, which is logged as by `trouble` */
  fatal(message: unknown): void {
    this.pino.fatal({ error: describe(message) }, 'fatal error');
  }
}

interface Described {
  name: string;
  code?: string;
  message?: string;
  at?: string[];
  cause?: Described;
}

/**
 * An error without what it may quote: a database's message repeats the values of the statement, so of that
 * only the code and the place are told, and any other message loses its runs of digits.
 */
function describe(error: unknown): Described {
  if (!(error instanceof Error)) return { name: typeof error, message: text(error) };
  const { code } = error as NodeJS.ErrnoException;
  const ofDatabase = 'driverError' in error || 'sqlMessage' in error || String(code).startsWith('SQLITE_');
  return {
    name: error.name,
    code,
    message: ofDatabase ? undefined : text(error.message),
    at: error.stack
      ?.split('\n')
      .filter((line) => line.startsWith('    at '))
      .slice(0, 8),
    cause: error.cause === undefined ? undefined : describe(error.cause),
  };
}

/** Long enough runs of digits are numbers and codes, dotted base64 is a token. */
function text(value: unknown): string {
  return String(value)
    .replace(/[\w-]{16,}\.[\w-]{16,}\.[\w-]+/g, '<token>')
    .replace(/\d{5,}/g, '<digits>');
}
