import { v4 as uuidv4 } from 'uuid';
import { OtpChallenge } from '../src/otp/otp-challenge.entity';
import { noFormer, type Population, type Subject } from './population';
import type { Signer } from './signer';

/** A request, for whom it is, and what must come back. */
export interface Call {
  subject: Subject;
  method: 'GET' | 'POST';
  path: string;
  headers: Record<string, string>;
  body: string;
  status: number;
}

/** One of the requests that are measured. */
export interface Kind {
  name: string;
  /** Whether it is a verify that succeeds, which is compared with the least that one can be, too. */
  signsIn: boolean;
  /** Writes what so many requests need, and makes them. */
  prepare(population: Population, signer: Signer, count: number): Promise<Call[]>;
}

const account = '/api/account';
const verifyPath = `${account}/verify-otp-and-generate-token/`;

const post = (subject: Subject, path: string, body: object, status = 200): Call => ({
  ...{ subject, method: 'POST', path, status, body: JSON.stringify(body) },
  headers: { 'Content-Type': 'application/json' },
});

/** A live code for each subject. */
export async function issueCodes(
  { writer }: Population,
  { codes }: Signer,
  subjects: Subject[],
): Promise<Map<Subject, string>> {
  const now = new Date();
  const expiresAt = new Date(now.getTime() + 600_000);
  const challenges = subjects.map((subject): OtpChallenge => {
    // The one that is recorded as the subject's own.
    subject.challengeId = uuidv4();
    return {
      ...{ phoneNumber: subject.phone, purpose: 'sign-in', id: subject.challengeId, keyId: codes.keyId, attempts: 0 },
      ...{ format: 'numeric', lanes: '{"others":5,"known":2}', accountId: null, sessionId: null },
      ...{ issuedAt: now, expiresAt, consumedAt: null, ...noFormer },
    };
  });
  for (let from = 0; from < challenges.length; from += 1_000) {
    await writer.write(OtpChallenge, challenges.slice(from, from + 1_000));
  }
  return new Map(subjects.map((subject, place) => [subject, codes.of(challenges[place]!)!]));
}

function verify(name: string, of: 'members' | 'strangers'): Kind {
  return {
    name,
    signsIn: true,
    async prepare(population, signer, count) {
      const subjects = of === 'members' ? population.takeMembers(count) : population.takeStrangers(count);
      const codes = await issueCodes(population, signer, subjects);
      return subjects.map((it) => post(it, verifyPath, { phone_number: it.phone, otp: codes.get(it) }));
    },
  };
}

const wrongGuess: Kind = {
  name: 'wrong-guess',
  signsIn: false,
  async prepare(population, signer, count) {
    const subjects = population.takeMembers(count);
    const codes = await issueCodes(population, signer, subjects);
    const wrong = (code: string) => String((Number(code) + 1) % 1_000_000).padStart(6, '0');
    return subjects.map((it) => post(it, verifyPath, { phone_number: it.phone, otp: wrong(codes.get(it)!) }, 400));
  },
};

/** Members that come back: the code that they used the day before is replaced. */
const requestOtp: Kind = {
  name: 'request-otp',
  signsIn: false,
  async prepare(population, _signer, count) {
    const path = `${account}/request-otp/`;
    return population.takeMembers(count).map((it) => post(it, path, { phone_number: it.phone }));
  },
};

const refresh: Kind = {
  name: 'refresh',
  signsIn: false,
  async prepare(population, { tokens }, count) {
    const refreshOf = (it: Subject) => tokens.sign(population.sessionOf(it), {}).refresh;
    return population.takeMembers(count).map((it) => post(it, `${account}/token/refresh/`, { refresh: refreshOf(it) }));
  },
};

/** Each session calls once: the service has to ask whether it is live, which it then knows for a moment. */
const me: Kind = {
  name: 'me',
  signsIn: false,
  async prepare(population, { tokens }, count) {
    return population.takeMembers(count).map((subject) => ({
      ...{ subject, method: 'GET', path: `${account}/me/`, status: 200, body: '' },
      headers: { Authorization: `Bearer ${tokens.sign(population.sessionOf(subject), {}).access}` },
    }));
  },
};

export const kinds: readonly Kind[] = [
  verify('verify-new', 'strangers'),
  verify('verify-returning', 'members'),
  wrongGuess,
  requestOtp,
  refresh,
  me,
];
