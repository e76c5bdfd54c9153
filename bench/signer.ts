import { Clock } from '../src/clock/clock';
import type { Settings } from '../src/settings/settings';
import { KeyRing } from '../src/key/key-ring';
import { KeyRings } from '../src/key/key-rings';
import { OtpCodes } from '../src/otp/otp-codes';
import { TestNumbers } from '../src/otp/test-numbers';
import { TokenPolicy } from '../src/token/token-policy';
import { TokenService } from '../src/token/token.service';

/** By the secrets of the service that is measured: the codes that it would send, and the tokens that it would sign. */
export interface Signer {
  codes: OtpCodes;
  tokens: TokenService;
}

export function signerOf(settings: Settings): Signer {
  const clock = new Clock();
  return {
    codes: new OtpCodes(new KeyRing(settings.key.secretKeys, 'otp'), new TestNumbers([], clock)),
    tokens: new TokenService(new TokenPolicy(settings.token, new KeyRings(settings.key)), clock),
  };
}
