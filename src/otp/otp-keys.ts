import { Injectable } from '@nestjs/common';
import { KeyRing } from '../key/key-ring';
import { KeySettings } from '../key/key-settings';
import { Pseudonyms } from '../key/pseudonyms';

/** The keys that one-time codes are derived with. */
@Injectable()
export class OtpKeyRing extends KeyRing {
  constructor({ secretKeys }: KeySettings) {
    super(secretKeys, 'otp');
  }
}

/** The keys that codes are derived with which undo a change of number. */
@Injectable()
export class UndoKeyRing extends KeyRing {
  constructor({ secretKeys }: KeySettings) {
    super(secretKeys, 'phone-change');
  }
}

/** What stands for phone numbers in the log: the same as in events, so that operators can join the two. */
@Injectable()
export class LoggedPseudonyms extends Pseudonyms {
  constructor({ secretKeys }: KeySettings) {
    super(new KeyRing(secretKeys, 'pseudonym'));
  }
}
