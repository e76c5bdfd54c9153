import { Inject, Injectable } from '@nestjs/common';
import { SETTINGS, type Settings } from '../config/settings';
import { KeyRing } from '../key/key-ring';
import { Pseudonyms } from '../key/pseudonyms';

type Secrets = Pick<Settings, 'secretKeys'>;

/** The keys that one-time codes are derived with. */
@Injectable()
export class OtpKeyRing extends KeyRing {
  constructor(@Inject(SETTINGS) { secretKeys }: Secrets) {
    super(secretKeys, 'otp');
  }
}

/** The keys that codes are derived with which undo a change of number. */
@Injectable()
export class UndoKeyRing extends KeyRing {
  constructor(@Inject(SETTINGS) { secretKeys }: Secrets) {
    super(secretKeys, 'phone-change');
  }
}

/** What stands for phone numbers in the log: the same as in events, so that operators can join the two. */
@Injectable()
export class LoggedPseudonyms extends Pseudonyms {
  constructor(@Inject(SETTINGS) { secretKeys }: Secrets) {
    super(new KeyRing(secretKeys, 'pseudonym'));
  }
}
