import { Injectable } from '@nestjs/common';
import type { ClientInfo } from '../client/client-info';
import { InvalidOtp } from '../error/refusal';
import { AuthEvents } from '../event/auth-events';
import { OtpService } from '../otp/otp.service';
import { PhoneChanges } from '../otp/phone-changes';
import { typedUndoCode } from '../otp/undo-code';
import type { PhoneNumber } from '../phone/phone-number';
import { SessionService } from '../session/session.service';
import type { Transaction } from '../transaction/transaction';
import { TransactionRunner } from '../transaction/transaction-runner';
import { Account, hasNumber } from './account.entity';
import { lockAccount, numberTaken, setPhoneNumber } from './accounts';
import { IdempotentReplies } from './idempotent-replies';

/** Gives an account back to a number that it had, by the code that this number was sent at the change. */
@Injectable()
export class PhoneUndoService {
  constructor(
    private readonly transactions: TransactionRunner,
    private readonly replies: IdempotentReplies,
    private readonly otps: OtpService,
    private readonly phoneChanges: PhoneChanges,
    private readonly sessions: SessionService,
    private readonly events: AuthEvents,
  ) {}

  /**
   * Puts the number back and closes every session of the account. Each code does so once.
   * @param key the same request with the same key is answered again for 60 s
   * @throws InvalidOtp, IdempotencyKeyReused if the key came with another request, or InvalidFields if the number has
   * another account by now: the code then stays good
   */
  async undo({ e164 }: PhoneNumber, code: string, client: ClientInfo, key?: string): Promise<void> {
    const request = { key, scope: ['undo', e164], body: [typedUndoCode(code)] };
    await this.transactions.run((transaction) =>
      this.replies.once(transaction, request, () => this.restore(transaction, e164, code, client)),
    );
  }

  private async restore(
    transaction: Transaction,
    former: string,
    code: string,
    client: ClientInfo,
  ): Promise<'restored'> {
    const change = await this.phoneChanges.find(transaction, former, code);
    if (change === undefined) throw new InvalidOtp();
    const { accountId } = change;
    await lockAccount(transaction, accountId);
    // What was read before the lock may be old by now: only the call that ends the change goes on.
    const ended = await this.phoneChanges.endFrom(transaction, change);
    if (ended === undefined) throw new InvalidOtp();
    const account = await transaction.findOne(Account, { id: accountId });
    if (!hasNumber(account)) throw new InvalidOtp();
    if (!(await setPhoneNumber(transaction, accountId, former))) throw transaction.rollingBack(numberTaken());
    await this.sessions.endAll(transaction, accountId, 'phone_number_restored');
    for (const number of new Set([account.phoneNumber, ...ended.map(({ formerNumber }) => formerNumber)]))
      await this.otps.forget(transaction, number);
    const restored = { kind: 'phone_number_restored', accountId, phoneNumber: former, client } as const;
    await this.events.record(transaction, restored);
    return 'restored';
  }
}
