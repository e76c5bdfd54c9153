import { Injectable } from '@nestjs/common';
import { UndoKeyRing } from './otp-keys';
import type { PhoneChange } from './phone-change.entity';
import { deriveUndoCode, grouped, isSameUndoCode, typedUndoCode, type ChangeIdentity } from './undo-code';

/** The codes that undo changes of number, each by the key it was issued under. */
@Injectable()
export class UndoCodes {
  constructor(private readonly keys: UndoKeyRing) {}

  /** What a new change is kept under. */
  get keyId(): string {
    return this.keys.newest.id;
  }

  /** @returns undefined if the key has left the ring: the code is lost then */
  textOf(change: KeptChange): string | undefined {
    const code = this.of(change);
    return code && grouped(code);
  }

  isRight(change: KeptChange, text: string): boolean {
    const code = this.of(change);
    return code !== undefined && isSameUndoCode(code, typedUndoCode(text));
  }

  private of(change: KeptChange): string | undefined {
    const ringKey = this.keys.find(change.keyId);
    return ringKey && deriveUndoCode(ringKey.key, change);
  }
}

type KeptChange = ChangeIdentity & Pick<PhoneChange, 'keyId'>;
