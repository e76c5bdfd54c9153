import { Injectable, type OnModuleInit } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import { Clock } from '../clock/clock';
import { InvalidFields } from '../error/refusal';
import { PhoneNumber } from '../phone/phone-number';
import type { AccountClaimValues, AccountSource } from '../token/account-source';
import { TokenService } from '../token/token.service';
import { isDuplicate } from '../transaction/database-fault';
import type { Transaction } from '../transaction/transaction';
import { TransactionRunner } from '../transaction/transaction-runner';
import { Account } from './account.entity';

export type KnownAccount = Pick<Account, 'id' | 'displayName' | 'locale'>;

/** Accounts by their numbers. */
@Injectable()
export class Accounts implements AccountSource, OnModuleInit {
  constructor(
    private readonly transactions: TransactionRunner,
    private readonly clock: Clock,
    private readonly tokens: TokenService,
  ) {}

  onModuleInit(): void {
    this.tokens.takeAccountsFrom(this);
  }

  /**
   * The account of a number that has just proved itself, made now if there is none: the unique index decides who is
   * new. Its row is locked until the transaction ends.
   * @param phoneNumber E.164
   */
  async enter(transaction: Transaction, phoneNumber: string): Promise<{ account: KnownAccount; newMember: boolean }> {
    const known = await this.recordLogin(transaction, phoneNumber);
    if (known !== undefined) return { account: known, newMember: false };
    const account = { id: uuidv7(), displayName: '', locale: '' };
    const now = this.clock.now();
    try {
      await transaction.execute(
        `INSERT INTO account (id, phone_number, display_name, locale, created_at, last_login_at)
         VALUES (?, ?, '', '', ?, ?)`,
        [account.id, phoneNumber, now, now],
      );
      return { account, newMember: true };
    } catch (error) {
      const other = isDuplicate(error) ? await this.recordLogin(transaction, phoneNumber) : undefined;
      if (other === undefined) throw error;
      return { account: other, newMember: false };
    }
  }

  async valuesOf(accountId: string): Promise<AccountClaimValues | undefined> {
    const account = await this.transactions.run(({ manager }) => manager.findOneBy(Account, { id: accountId }));
    if (account === null) return undefined;
    const { phoneNumber: e164 } = account;
    return claimsOf(account, { e164, country: PhoneNumber.read(e164, {})?.country });
  }

  async findImported({ manager }: Transaction, importedUserId: string): Promise<string | undefined> {
    return (await manager.findOneBy(Account, { importedUserId }))?.id;
  }

  async enterImported(transaction: Transaction, userId: string): Promise<string | undefined> {
    return (await this.recordLogin(transaction, userId, 'imported_user_id'))?.id;
  }

  private async recordLogin(
    transaction: Transaction,
    value: string,
    column: 'phone_number' | 'imported_user_id' = 'phone_number',
  ): Promise<KnownAccount | undefined> {
    const { rows } = await transaction.execute<KnownAccount>(
      `SELECT id, display_name AS displayName, locale FROM account WHERE ${column} = ?`,
      [value],
    );
    const [account] = rows;
    if (account === undefined) return undefined;
    const { affected } = await transaction.execute('UPDATE account SET last_login_at = ? WHERE id = ?', [
      this.clock.now(),
      account.id,
    ]);
    return affected === 1 ? account : undefined;
  }
}

/** Holds the account's row until the transaction ends; on MySQL an update that changes nothing does so, too. */
export async function lockAccount(transaction: Transaction, accountId: string): Promise<void> {
  await transaction.execute('UPDATE account SET last_login_at = last_login_at WHERE id = ?', [accountId]);
}

/**
 * Gives an account a number. The caller holds a lock on the account.
 * @param phoneNumber E.164
 * @returns false if another account has the number: the unique index decides
 */
export async function setPhoneNumber(
  transaction: Transaction,
  accountId: string,
  phoneNumber: string,
): Promise<boolean> {
  try {
    await transaction.execute('UPDATE account SET phone_number = ? WHERE id = ?', [phoneNumber, accountId]);
    return true;
  } catch (error) {
    if (isDuplicate(error)) return false;
    throw error;
  }
}

/** The number that was asked for has an account: told to a caller who has proved to read its texts. */
export function numberTaken(): InvalidFields {
  const fault = { code: 'unique', message: 'This phone number belongs to another account.' };
  return new InvalidFields(new Map([['phone_number', [fault]]]));
}

export function claimsOf(
  { displayName, locale }: Pick<Account, 'displayName' | 'locale'>,
  { e164, country }: Pick<PhoneNumber, 'e164' | 'country'>,
): AccountClaimValues {
  return { phone_number: e164, phone_country: country ?? '', display_name: displayName, locale };
}
