import { Injectable } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import { Clock } from '../clock/clock';
import { InvalidOtp } from '../error/refusal';
import { codeLength } from '../otp/otp-code';
import { OtpService } from '../otp/otp.service';
import type { PhoneNumber } from '../phone/phone-number';
import { TokenService } from '../token/token.service';
import { isDuplicate } from '../transaction/database-fault';
import type { Transaction } from '../transaction/transaction';
import { Transactions } from '../transaction/transactions';
import type { OtpRequestedDto } from './dto/otp-requested.dto';
import type { SignInDto } from './dto/sign-in.dto';

/** The story: a number asks for a code, the code becomes tokens. */
@Injectable()
export class AccountService {
  constructor(
    private readonly transactions: Transactions,
    private readonly otps: OtpService,
    private readonly tokens: TokenService,
    private readonly clock: Clock,
  ) {}

  /**
   * The same for known and unknown numbers: accounts are not even looked at.
   * @throws Throttled inside the gap after the last text
   */
  async requestOtp(phoneNumber: PhoneNumber, locale?: string): Promise<OtpRequestedDto> {
    const { expiresIn, resendIn } = await this.transactions.run((transaction) =>
      this.otps.request(transaction, phoneNumber.e164, 'sign-in', locale),
    );
    return {
      detail: 'OTP sent successfully',
      expires_in: expiresIn,
      resend_in: resendIn,
      code_length: codeLength,
      code_format: 'numeric',
    };
  }

  /** @throws InvalidOtp whatever is wrong with the code */
  async verifyOtpAndGenerateToken(phoneNumber: PhoneNumber, otp: string): Promise<SignInDto> {
    const signIn = await this.transactions.run(async (transaction) => {
      if (!(await this.otps.consume(transaction, phoneNumber.e164, 'sign-in', otp))) return undefined;
      const { id, newMember } = await this.enter(transaction, phoneNumber.e164);
      return { session: await this.tokens.openSession(transaction, id), newMember };
    });
    // Only now, after the commit: thrown inside, it would roll the counted guess back.
    if (signIn === undefined) throw new InvalidOtp();
    const { refresh, access } = this.tokens.sign(signIn.session);
    return { refresh, access, new_member: signIn.newMember };
  }

  /** The account of a number, made now if there is none: the unique index decides who is new. */
  private async enter(transaction: Transaction, phoneNumber: string): Promise<{ id: string; newMember: boolean }> {
    const known = await this.recordLogin(transaction, phoneNumber);
    if (known !== undefined) return { id: known, newMember: false };
    const id = uuidv7();
    const now = this.clock.now();
    try {
      await transaction.execute(
        'INSERT INTO account (id, phone_number, created_at, last_login_at) VALUES (?, ?, ?, ?)',
        [id, phoneNumber, now, now],
      );
      return { id, newMember: true };
    } catch (error) {
      const other = isDuplicate(error) ? await this.recordLogin(transaction, phoneNumber) : undefined;
      if (other === undefined) throw error;
      return { id: other, newMember: false };
    }
  }

  /** @returns the account's id, or undefined if the number has none */
  private async recordLogin(transaction: Transaction, phoneNumber: string): Promise<string | undefined> {
    const { rows } = await transaction.execute<{ id: string }>('SELECT id FROM account WHERE phone_number = ?', [
      phoneNumber,
    ]);
    const id = rows[0]?.id;
    if (id === undefined) return undefined;
    const { affected } = await transaction.execute('UPDATE account SET last_login_at = ? WHERE id = ?', [
      this.clock.now(),
      id,
    ]);
    return affected === 1 ? id : undefined;
  }
}
