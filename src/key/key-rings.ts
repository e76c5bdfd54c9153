import { Injectable } from '@nestjs/common';
import { KeyRing } from './key-ring';
import { KeySettings } from './key-settings';

/** What keys are derived for. A change of one of these words ends all that was made by its keys. */
export type KeyPurpose =
  | 'otp'
  | 'challenge'
  | 'device-token'
  | 'known-client'
  | 'number-limit'
  | 'phone-change'
  | 'pseudonym'
  | 'refresh-token'
  | 'idempotency';

/** The key rings of all purposes: the one place that makes them of `SECRET_KEY`. */
@Injectable()
export class KeyRings {
  constructor(private readonly settings: KeySettings) {}

  of(purpose: KeyPurpose): KeyRing {
    return new KeyRing(this.settings.secretKeys, purpose);
  }
}
