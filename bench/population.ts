import { createHash } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { Account } from '../src/account/account.entity';
import { AuthEvent } from '../src/event/auth-event.entity';
import { OtpChallenge } from '../src/otp/otp-challenge.entity';
import { Session } from '../src/session/session.entity';
import { SmsMessage } from '../src/sms/sms-message.entity';
import { priority } from '../src/sms/sms-priority';
import { rowWriter, type RowWriter } from './row-writer';

/** What a request is about. The names are also those under which a recorded request is replayed for another subject. */
export interface Subject {
  /** E.164. */
  phone: string;
  accountId: string;
  sessionId: string;
  /** `jti` of the current refresh token. */
  jti: string;
  /** Of the code that is live, once one is. */
  challengeId: string;
}

const batchSize = 1_000;
/** Subjects are taken in steps of a prime, so that neighbours in time are none in any index. */
const step = 611_953;
const dayMilliseconds = 86_400_000;
const yearMilliseconds = 365 * dayMilliseconds;

/**
 * Accounts that signed in once: each with its session, its event, the code it used and the text that was delivered.
 * All is derived from a number, so that a million of them need not be remembered.
 */
export class Population {
  private taken = 0;
  private readonly yesterday: Date;
  private readonly sessionEnd: Date;

  private constructor(
    readonly dataSource: DataSource,
    readonly writer: RowWriter,
    /** Accounts that there are; subjects beyond have none. */
    readonly size: number,
    private readonly now: Date,
  ) {
    this.yesterday = new Date(now.getTime() - dayMilliseconds);
    this.sessionEnd = new Date(now.getTime() + 30 * dayMilliseconds);
  }

  /**
   * Writes so many accounts, and what belongs to them.
   * @param url as `DATABASE_URL` names the database of `dataSource`
   * @param options `now` by the clock of the service; `told` hears how many accounts are there, after each batch
   */
  static async fill(
    dataSource: DataSource,
    url: string,
    size: number,
    { now = new Date(), told = (_done: number) => {} } = {},
  ): Promise<Population> {
    const population = new Population(dataSource, await rowWriter(dataSource, url), size, now);
    for (let from = 0; from < size; from += batchSize) {
      await population.add(from, Math.min(size, from + batchSize));
      told(Math.min(size, from + batchSize));
    }
    return population;
  }

  /** Accounts that were not taken before, from all over the tables. */
  takeMembers(count: number): Subject[] {
    if (this.taken + count > this.size) throw new Error(`only ${this.size} accounts, and ${this.taken} are taken`);
    const places = Array.from({ length: count }, (_, place) => ((this.taken + place) * step) % this.size);
    this.taken += count;
    return places.map(subjectAt);
  }

  /** Numbers without an account that were not taken before. */
  takeStrangers(count: number): Subject[] {
    return Array.from({ length: count }, () => subjectAt((strangers += 1)));
  }

  /** The session of a member: it began at the time of the filling, so that tokens can be signed for it. */
  sessionOf(subject: Subject): Session {
    return {
      ...{ id: subject.sessionId, accountId: subject.accountId, refreshJti: subject.jti, previousJti: null },
      ...{ createdAt: this.now, rotatedAt: this.now, expiresAt: this.sessionEnd, absoluteExpiresAt: this.sessionEnd },
      ...{ revokedAt: null, revokedWhy: null, newMember: false, ip: '127.0.0.0', userAgent: '' },
      ...{ idempotencyKey: keyOf(subject), idempotencyBody: null, idempotencyMismatches: 0, importedJti: null },
    };
  }

  close(): Promise<void> {
    return this.writer.close();
  }

  private async add(from: number, to: number): Promise<void> {
    const subjects = Array.from({ length: to - from }, (_, place) => subjectAt(from + place));
    const { writer } = this;
    await writer.write(
      Account,
      subjects.map((it, place) => this.accountOf(it, from + place)),
    );
    await writer.write(
      Session,
      subjects.map((it) => this.sessionOf(it)),
    );
    await writer.write(
      AuthEvent,
      subjects.map((it) => this.eventOf(it)),
    );
    await writer.write(
      OtpChallenge,
      subjects.map((it) => this.usedChallengeOf(it)),
    );
    await writer.write(
      SmsMessage,
      subjects.map((it) => this.deliveredTextOf(it)),
    );
  }

  private accountOf({ accountId: id, phone: phoneNumber }: Subject, place: number): Account {
    const createdAt = this.yesterday;
    return {
      ...{ id, phoneNumber, displayName: '', locale: '', importedUserId: String(place), numberReleasedAt: null },
      knownClients: '{}',
      ...{ createdAt, lastLoginAt: createdAt },
    };
  }

  private eventOf({ accountId, sessionId, phone }: Subject): AuthEvent {
    const phonePseudonym = hash('pseudonym', phone).slice(0, 32);
    return {
      ...{ id: uuidOf('event', phone), accountId, kind: 'signed_in', at: this.yesterday, sessionId, phonePseudonym },
      ...{ ip: '127.0.0.0', userAgent: '' },
    };
  }

  private usedChallengeOf({ phone, challengeId: id }: Subject): OtpChallenge {
    const at = this.yesterday;
    return {
      ...{ phoneNumber: phone, purpose: 'sign-in', id, accountId: null, sessionId: null, keyId: '0'.repeat(16) },
      ...{ format: 'numeric', lanes: '{"others":5,"known":2}', attempts: 1 },
      ...{ issuedAt: at, expiresAt: at, consumedAt: at, ...noFormer },
    };
  }

  private deliveredTextOf({ phone, challengeId }: Subject): SmsMessage {
    const at = this.yesterday;
    return {
      ...{ id: uuidOf('text', phone), challengeId, phoneNumber: phone, template: 'sign-in', locale: 'sw' },
      ...{ state: 'delivered', attempts: 1, dueAt: null, priority: priority.busyPrefix, sends: 1, transport: 'file' },
      ...{ refusedBy: '', providerId: uuidOf('provider', phone), reason: null, createdAt: at, finishedAt: at },
    };
  }
}

/** No code was replaced. */
export const noFormer = { formerId: null, formerKeyId: null, formerFormat: null, formerExpiresAt: null };

/** Beyond any population. */
const firstStranger = 20_000_000;
let strangers = firstStranger;

/** Mobile numbers of Tanzania: each prefix has ten million. */
const prefixes = ['65', '67', '69', '71', '75', '76'];

function subjectAt(place: number): Subject {
  const prefix = prefixes[Math.floor(place / 10_000_000)]!;
  const phone = `+255${prefix}${String(place % 10_000_000).padStart(7, '0')}`;
  return {
    phone,
    accountId: uuidOf('account', phone),
    sessionId: uuidOf('session', phone),
    jti: hash('jti', phone).slice(0, 32),
    challengeId: uuidOf('challenge', phone),
  };
}

/** Every second sign-in came with an `Idempotency-Key`. */
function keyOf({ phone }: Subject): string | null {
  return Number(phone.at(-1)) % 2 === 0 ? hash('key', phone) : null;
}

const purposes = ['account', 'session', 'challenge', 'event', 'text', 'provider', 'jti', 'key', 'pseudonym'] as const;
type Purpose = (typeof purposes)[number];

/** 64 hex digits: one hash of the number for all purposes, turned by another angle for each. */
function hash(purpose: Purpose, phone: string): string {
  if (hashed.phone !== phone) hashed = { phone, digits: createHash('sha256').update(phone).digest('hex') };
  const angle = purposes.indexOf(purpose) + 1;
  return hashed.digits.slice(angle) + hashed.digits.slice(0, angle);
}
let hashed = { phone: '', digits: '' };

const yearBegan = Date.now() - yearMilliseconds;

/** A UUIDv7 (RFC 9562): in the order of numbers, as if they had signed up one after another over a year. */
function uuidOf(purpose: Purpose, phone: string): string {
  const time = yearBegan + (Number(phone.slice(6)) % 10_000_000) * (yearMilliseconds / 10_000_000);
  const [high, random] = [Math.floor(time).toString(16).padStart(12, '0'), hash(purpose, phone)];
  return `${high.slice(0, 8)}-${high.slice(8)}-7${random.slice(0, 3)}-8${random.slice(3, 6)}-${random.slice(6, 18)}`;
}
