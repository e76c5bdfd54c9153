import { z } from 'zod';
import { list, wholeNumber, type Values } from '../variable/variable-kinds';

const accessTokenClaims = ['phone_number', 'phone_country', 'new_member', 'display_name', 'locale'] as const;
export type AccessTokenClaim = (typeof accessTokenClaims)[number];

const dormantPolicies = ['new_account', 'same_account'] as const;
export type DormantPolicy = (typeof dormantPolicies)[number];

export const accountVariables = {
  ACCESS_TOKEN_CLAIMS: list
    .pipe(z.array(z.enum(accessTokenClaims, `must be out of: ${accessTokenClaims.join(', ')}`)))
    .default([]),
  ACCOUNT_DORMANT_DAYS: wholeNumber(0, 3_650).default(180),
  ACCOUNT_DORMANT_POLICY: z
    .enum(dormantPolicies, `must be out of: ${dormantPolicies.join(', ')}`)
    .default('new_account'),
};

/** What access tokens tell of an account, and when its number counts as given to another person. */
export class AccountSettings {
  readonly accessTokenClaims: AccessTokenClaim[];
  /** Without a sign-in or a refresh; 0 for never. */
  readonly dormantDays: number;
  /** What the next sign-in enters then. */
  readonly dormantPolicy: DormantPolicy;

  constructor(values: Values<typeof accountVariables>) {
    this.accessTokenClaims = values.ACCESS_TOKEN_CLAIMS;
    this.dormantDays = values.ACCOUNT_DORMANT_DAYS;
    this.dormantPolicy = values.ACCOUNT_DORMANT_POLICY;
  }
}
