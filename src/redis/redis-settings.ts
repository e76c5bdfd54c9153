import { z } from 'zod';
import type { Values } from '../variable/variable-kinds';

function isRedisUrl(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return url !== undefined && ['redis:', 'rediss:'].includes(url.protocol) && url.hostname !== '';
}

export const redisVariables = {
  REDIS_URL: z
    .string()
    .refine(isRedisUrl, { error: 'must be redis://host:6379 or rediss://host:6379', abort: true })
    .optional(),
};

/** Which Redis is used, if any. */
export class RedisSettings {
  /** May hold a password. */
  readonly redisUrl?: string;

  constructor({ REDIS_URL }: Values<typeof redisVariables>) {
    this.redisUrl = REDIS_URL;
  }
}
