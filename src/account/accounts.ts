import { Injectable } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import { Clock } from '../clock/clock';
import { InvalidFields } from '../error/refusal';
import { dayOf } from '../limit/known-clients';
import { PhoneNumber } from '../phone/phone-number';
import { isDuplicate } from '../transaction/database-fault';
import type { Join } from '../transaction/join';
import type { Transaction } from '../transaction/transaction';
import { TransactionRunner } from '../transaction/transaction-runner';
import type { AccessTokenClaim } from './account-settings';
import { Account, hasNumber } from './account.entity';

export type KnownAccount = Pick<Account, 'id' | 'displayName' | 'locale'>;

/** What an access token can tell of an account. */
export type AccountClaimValues = Record<Exclude<AccessTokenClaim, 'new_member'>, string>;

/** What a sign-in reads of the account along with the challenge. */
export const accountOfNumber: Join = {
  columns: `account.id AS accountId, account.display_name AS displayName, account.locale AS locale,
    account.last_login_at AS lastLoginAt`,
  from: 'LEFT JOIN account ON account.phone_number = otp_challenge.phone_number',
};

/** A row of `accountOfNumber`. */
export type JoinedAccount = Pick<Account, 'displayName' | 'locale'> & {
  /** Null if the number has no account; then the others are, too. */
  accountId: string | null;
  /** As the database tells it: see `timeIn`. */
  lastLoginAt: string | Date | null;
};

/** How an account's list of known clients changes at a sign-in: names of `KnownClients`. */
export interface KnownClientsChange {
  added: readonly string[];
  removed: readonly string[];
}

/** Accounts by their numbers. */
@Injectable()
export class Accounts {
  constructor(
    private readonly transactions: TransactionRunner,
    private readonly clock: Clock,
  ) {}

  /**
   * The account of a number that has just proved itself, made now if there is none: the unique index decides who is
   * new. Its row is locked until the transaction ends.
   * @param phoneNumber E.164
   * @param read what was read of the account before: the guarded update says whether it still has the number
   * @param clients what the account remembers from now on
   */
  async enter(
    transaction: Transaction,
    phoneNumber: string,
    read: JoinedAccount | undefined,
    clients: KnownClientsChange,
  ): Promise<{ account: KnownAccount; newMember: boolean }> {
    const known = await this.enterKnown(transaction, phoneNumber, read, clients);
    if (known !== undefined) return { account: known, newMember: false };
    const now = this.clock.now();
    const account: Account = {
      ...{ id: uuidv7(), phoneNumber, displayName: '', locale: '', importedUserId: null },
      ...{ createdAt: now, lastLoginAt: now, numberReleasedAt: null },
      knownClients: JSON.stringify(Object.fromEntries(clients.added.map((name) => [name, dayOf(now)]))),
    };
    try {
      await transaction.insert(Account, account);
      return { account, newMember: true };
    } catch (error) {
      const other = isDuplicate(error) ? await this.recordLogin(transaction, phoneNumber) : undefined;
      if (other === undefined) throw error;
      return { account: other, newMember: false };
    }
  }

  /** @returns what access tokens tell of an account; undefined if it is gone, or has no number any more */
  async claimsOf(accountId: string): Promise<AccountClaimValues | undefined> {
    const account = await this.transactions.read((transaction) => transaction.findOne(Account, { id: accountId }));
    if (!hasNumber(account)) return undefined;
    const { phoneNumber: e164 } = account;
    return claimsOf(account, { e164, country: PhoneNumber.read(e164, {})?.country });
  }

  /** @returns the id of the account that is this user of the former stack; undefined if there is none */
  async findImported({ manager }: Transaction, importedUserId: string): Promise<string | undefined> {
    return (await manager.findOneBy(Account, { importedUserId }))?.id;
  }

  /**
   * Records a login of that account, and so locks its row until the transaction ends.
   * @returns the account's id; undefined if there is none, or its number has gone to an account of a new holder
   */
  async enterImported(transaction: Transaction, userId: string): Promise<string | undefined> {
    return (await this.recordLogin(transaction, userId, 'imported_user_id'))?.id;
  }

  private async enterKnown(
    transaction: Transaction,
    phoneNumber: string,
    read: JoinedAccount | undefined,
    { added, removed }: KnownClientsChange,
  ): Promise<KnownAccount | undefined> {
    if (!read?.accountId) return undefined;
    const { accountId: id, displayName, locale } = read;
    const now = this.clock.now();
    const kept = removed.length === 0 ? 'known_clients' : `JSON_REMOVE(known_clients${', ?'.repeat(removed.length)})`;
    const { affected } = await transaction.execute(
      `UPDATE account SET last_login_at = ?, known_clients = JSON_SET(${kept}${', ?, ?'.repeat(added.length)})
       WHERE id = ? AND phone_number = ?`,
      [now, ...removed.map(pathOf), ...added.flatMap((name) => [pathOf(name), dayOf(now)]), id, phoneNumber],
    );
    if (affected === 1) return { id, displayName, locale };
    // It was deleted, or moved to another number, since it was read: perhaps another account has the number by now.
    return this.recordLogin(transaction, phoneNumber);
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
    const { affected } = await transaction.execute(
      `UPDATE account SET last_login_at = ? WHERE id = ? AND ${column} = ? AND phone_number IS NOT NULL`,
      [this.clock.now(), account.id, value],
    );
    return affected === 1 ? account : undefined;
  }
}

/** As the JSON functions of both databases write a path. */
const pathOf = (name: string) => `$.${name}`;

/** Holds the account's row until the transaction ends; on MySQL an update that changes nothing does so, too. */
export async function lockAccount(transaction: Transaction, accountId: string): Promise<void> {
  await transaction.execute('UPDATE account SET last_login_at = last_login_at WHERE id = ?', [accountId]);
}

/**
 * Gives an account a number; it knows no client by the new one. The caller holds a lock on the account.
 * @param phoneNumber E.164
 * @returns false if another account has the number: the unique index decides
 */
export async function setPhoneNumber(
  transaction: Transaction,
  accountId: string,
  phoneNumber: string,
): Promise<boolean> {
  try {
    await transaction.execute("UPDATE account SET phone_number = ?, known_clients = '{}' WHERE id = ?", [
      phoneNumber,
      accountId,
    ]);
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
