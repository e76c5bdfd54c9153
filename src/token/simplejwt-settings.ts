import { z } from 'zod';
import { wholeNumber, type Values } from '../variable/variable-kinds';

export const simplejwtVariables = {
  SIMPLEJWT_SECRET: z.string().min(32, 'is shorter than 32 bytes').optional(),
  SIMPLEJWT_USER_ID_CLAIM: z.string().default('user_id'),
  // A migration counts on the 365 days.
  SIMPLEJWT_MAX_LIFE_SECONDS: wholeNumber(60, 31_536_000).default(7_776_000),
};

/** Of the stack that is left behind, during the move. */
export class SimplejwtSettings {
  /** Without it none of its tokens is taken. */
  readonly simplejwt?: {
    secret: string;
    userIdClaim: string;
    /** From `iat` to `exp`. */
    maxLifeSeconds: number;
  };

  constructor(values: Values<typeof simplejwtVariables>) {
    if (values.SIMPLEJWT_SECRET === undefined) return;
    this.simplejwt = {
      secret: values.SIMPLEJWT_SECRET,
      userIdClaim: values.SIMPLEJWT_USER_ID_CLAIM,
      maxLifeSeconds: values.SIMPLEJWT_MAX_LIFE_SECONDS,
    };
  }
}
