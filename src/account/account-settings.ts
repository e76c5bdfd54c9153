import { z } from 'zod';
import { list, type Values } from '../variable/variable-kinds';

const accessTokenClaims = ['phone_number', 'phone_country', 'new_member', 'display_name', 'locale'] as const;
export type AccessTokenClaim = (typeof accessTokenClaims)[number];

export const accountVariables = {
  ACCESS_TOKEN_CLAIMS: list
    .pipe(z.array(z.enum(accessTokenClaims, `must be out of: ${accessTokenClaims.join(', ')}`)))
    .default([]),
};

/** What access tokens tell of an account. */
export class AccountSettings {
  readonly accessTokenClaims: AccessTokenClaim[];

  constructor({ ACCESS_TOKEN_CLAIMS }: Values<typeof accountVariables>) {
    this.accessTokenClaims = ACCESS_TOKEN_CLAIMS;
  }
}
