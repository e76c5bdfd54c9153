import { z } from 'zod';
import type { RunMode } from '../variable/run-mode';
import { list, wholeNumber, type Values } from '../variable/variable-kinds';

const isOrigin = (text: string) => URL.canParse(text) && new URL(text).origin === text && /^https?:[^*]+$/.test(text);

/** @param production whether a stop leaves proxies time to take other nodes */
export const httpVariables = (production: boolean) => ({
  HOST: z.string().default('127.0.0.1'),
  PORT: wholeNumber(0, 65_535).default(3000),
  CORS_ORIGINS: list
    .refine((items) => items.every(isOrigin), 'must be exact origins, such as https://app.hodi.test, without a path')
    .default([]),
  API_DOCS: z.enum(['on', 'off'], 'must be on or off').default('on'),
  SHUTDOWN_DRAIN_SECONDS: wholeNumber(0, 60).default(production ? 5 : 0),
});

/** Where the service listens, whose pages may call, and how it stops. */
export class HttpSettings {
  readonly host: string;
  readonly port: number;
  readonly corsOrigins: string[];
  /** Whether Swagger UI and the OpenAPI document are served. */
  readonly apiDocs: boolean;
  /** Seconds from the signal to stop until no new connection is taken. */
  readonly shutdownDrainSeconds: number;
  /** In development pages of this machine may call. */
  readonly development: boolean;

  constructor(values: Values<ReturnType<typeof httpVariables>>, { development }: RunMode) {
    this.host = values.HOST;
    this.port = values.PORT;
    this.corsOrigins = values.CORS_ORIGINS;
    this.apiDocs = values.API_DOCS === 'on';
    this.shutdownDrainSeconds = values.SHUTDOWN_DRAIN_SECONDS;
    this.development = development;
  }
}
