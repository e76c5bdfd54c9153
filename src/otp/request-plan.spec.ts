import { noHistory, type NumberHistory } from '../limit/number-history';
import { NumberLimits } from '../limit/number-limits';
import type { Lanes } from './lanes';
import type { OtpChallenge } from './otp-challenge.entity';
import { OtpPolicy } from './otp-policy';
import { RequestPlanner, type CodeRequest, type Requester } from './request-plan';

const settings = {
  ...{ maxAttempts: 5, resendSeconds: 60, textsPerHour: 5, textsPerDay: 10, deviceTextsPerDay: 5 },
  ...{ wrongPerDay: 10, wrongPerMonth: 30 },
};
const planner = new RequestPlanner(new OtpPolicy({ otpTtlSeconds: 300 }, settings), new NumberLimits(settings));
const at = new Date('2026-06-01T12:00:00Z');
const now = at.getTime();
const [minute, hour] = [60_000, 3_600_000];
const ago = (milliseconds: number) => new Date(now - milliseconds);

const stranger: Requester = { networks: ['n1'], isNetworkKnown: false, standing: 'unknown', solved: false };
const solved = { ...stranger, solved: true };
const device: Requester = { ...stranger, device: 'd1', standing: 'device' };
const request = (requester: Requester, more: Partial<CodeRequest> = {}): CodeRequest => ({
  ...{ phoneNumber: '+255679190720', purpose: 'sign-in', unsent: false, at, requester },
  ...more,
});
const code = (lanes: Lanes, age: number, more: Partial<OtpChallenge> = {}): OtpChallenge => ({
  ...{ phoneNumber: '+255679190720', purpose: 'sign-in', id: 'live', accountId: null, sessionId: null, keyId: 'k' },
  ...{ format: 'numeric', lanes: JSON.stringify(lanes), attempts: 3, consumedAt: null },
  ...{ issuedAt: ago(age), expiresAt: ago(age - 300_000) },
  ...{ formerId: null, formerKeyId: null, formerFormat: null, formerExpiresAt: null },
  ...more,
});
const history = (more: Partial<NumberHistory>): NumberHistory => ({ ...noHistory, ...more });
const texts = (...milliseconds: number[]) => history({ texts: milliseconds.map((it) => now - it) });
const wrong = (count: number) => ({ wrong: [[now - hour, count] as const] });
const plan = (who: CodeRequest, of: NumberHistory, ...challenges: OtpChallenge[]) =>
  planner.plan(who, { history: of, challenges });

describe('a request for a code', () => {
  it('issues the first one, with guesses for the network that asks and for all others', () =>
    expect(plan(request(stranger), noHistory)).toMatchObject({
      ...{ kind: 'issue', format: 'numeric', lanes: { n1: 5, others: 5, known: 2 }, attempts: 0, resendIn: 60 },
      history: { texts: [now] },
    }));

  it('sends a live one again, whoever asks, with the guesses that it has left', () => {
    const lanes = { n0: 1, others: 2, known: 2 };
    for (const who of [stranger, device, { ...stranger, networks: ['n0'] }])
      expect(plan(request(who), texts(minute), code(lanes, minute))).toMatchObject({
        kind: 'resend',
        lanes,
        resendIn: 120,
      });
  });

  it('never replaces one that another network has asked for and can still guess at', () => {
    const lanes = { n0: 1, others: 0, known: 2 };
    expect(plan(request(stranger), texts(minute), code(lanes, minute))).toMatchObject({ kind: 'resend', lanes });
    expect(plan(request(device), texts(minute), code({ ...lanes, d1: 0 }, minute))).toMatchObject({ kind: 'resend' });
  });

  it('replaces one at which all who asked have no guess left', () =>
    expect(plan(request(stranger), texts(minute), code({ n0: 0, others: 0, known: 2 }, minute))).toMatchObject({
      ...{ kind: 'issue', attempts: 0, lanes: { n1: 5 } },
    }));

  it('lets no device of strangers, and no guess of a device, hold up the others', () =>
    expect(plan(request(stranger), texts(minute), code({ n0: 0, d9: 3, others: 0, known: 2 }, minute))).toMatchObject({
      kind: 'issue',
    }));

  it('gives no guess back with a code that follows one which is about to expire', () => {
    const lanes = { n0: 2, others: 1, known: 1 };
    expect(plan(request(stranger), texts(271_000), code(lanes, 271_000))).toMatchObject({
      ...{ kind: 'issue', lanes, attempts: 3, format: 'numeric' },
    });
  });

  it.each([
    ['stranger', stranger, 'challenge'],
    ['stranger with a solved challenge', solved, 'issue'],
    ['known device', device, 'issue'],
    ['known network', { ...stranger, isNetworkKnown: true, standing: 'network' as const }, 'issue'],
  ])('is for an alphanumeric code once wrong guesses are used up: of a %s', (_name, who, kind) => {
    const made = plan(request(who), history(wrong(10)));
    expect(made.kind).toBe(kind);
    if (made.kind === 'issue') expect(made).toMatchObject({ format: 'alphanumeric', history: { others: [[now, 5]] } });
  });

  it('is for an alphanumeric code while the service is under attack, but for those who are known', () => {
    expect(plan(request({ ...stranger, isSuspect: true }), noHistory).kind).toBe('challenge');
    expect(plan(request({ ...solved, isSuspect: true }), noHistory)).toMatchObject({ format: 'alphanumeric' });
    expect(plan(request(device), noHistory)).toMatchObject({ format: 'numeric' });
  });

  it('counts what a live code for another purpose may still take, unless that is alphanumeric, used or over', () => {
    const other = (more: Partial<OtpChallenge>) =>
      code({ others: 5, known: 0 }, minute, { purpose: 'new-number', accountId: 'a', ...more });
    const formatAfter = (more: Partial<OtpChallenge>) => {
      const made = plan(request(solved), history({ ...texts(minute), ...wrong(2) }), other(more));
      return made.kind === 'issue' && made.format;
    };
    expect(formatAfter({})).toBe('alphanumeric');
    for (const more of [{ format: 'alphanumeric' as const }, { consumedAt: ago(1) }, { expiresAt: at }])
      expect(formatAfter(more)).toBe('numeric');
  });

  it('is for an alphanumeric code if it is the one of an hour, after the texts of a day', () => {
    const flooded = history({ texts: Array.from({ length: 10 }, (_, index) => now - (20 - 2 * index) * hour + hour) });
    expect(plan(request(stranger), flooded).kind).toBe('challenge');
    expect(plan(request(solved), flooded)).toMatchObject({
      kind: 'issue',
      format: 'alphanumeric',
      history: { others: [[now, 5]] },
    });
    expect(plan(request(device), flooded)).toMatchObject({
      kind: 'issue',
      format: 'numeric',
      history: { ownTexts: [now] },
    });
  });

  it('of a tester is for digits, whatever was counted', () =>
    expect(plan(request(stranger, { unsent: true }), history(wrong(10)))).toMatchObject({
      kind: 'issue',
      format: 'numeric',
    }));
});

describe('a request inside the gap', () => {
  const alphanumeric = code({ n0: 5, others: 0, known: 2 }, 1_000, { format: 'alphanumeric' });
  const sent = history({ ...texts(1_000), ...wrong(10) });

  it('gives a further network guesses of its own at an alphanumeric code, for a solved challenge', () => {
    expect(plan(request(stranger), sent, alphanumeric)).toMatchObject({ kind: 'challenge' });
    expect(plan(request(solved), sent, alphanumeric)).toMatchObject({
      kind: 'refuse',
      finding: { rule: 'code_already_sent', retryAfterSeconds: 59 },
      opened: { lanes: { n0: 5, n1: 5, others: 0 }, history: { further: [[now, 5]] } },
    });
  });

  it.each([
    ['a numeric code', solved, sent, code({ n0: 5, others: 0, known: 2 }, 1_000)],
    ['a network that has guesses', { ...solved, networks: ['n0'] }, sent, alphanumeric],
    ['a known device', device, sent, alphanumeric],
    ['more networks than a day allows', solved, { ...sent, further: [[now, 80] as const] }, alphanumeric],
    ['a code that has no room for more', solved, sent, full(alphanumeric)],
  ])('gives none for %s', (_name, who, of, live) =>
    expect(plan(request(who), of, live)).toMatchObject({ kind: 'refuse', opened: undefined }),
  );

  it('gives them as well where texts are used up and not the gap is in the way', () => {
    const used = history({
      ...texts(50 * minute, 40 * minute, 30 * minute, 20 * minute, 90_000),
      ...wrong(10),
      usedAt: now - 2 * minute,
    });
    const live = code({ n0: 5, others: 0, known: 2 }, 90_000, { format: 'alphanumeric' });
    expect(plan(request(solved), used, live)).toMatchObject({
      kind: 'refuse',
      finding: { rule: 'number_texts_hour' },
      opened: { lanes: { n1: 5 } },
    });
  });

  it('is refused by the same rule where no code is live, as that tells whether one was used', () =>
    expect(plan(request(stranger), texts(1_000))).toMatchObject({
      ...{ kind: 'refuse', finding: { rule: 'code_already_sent' }, opened: undefined },
    }));
});

function full(challenge: OtpChallenge): OtpChallenge {
  const names = Array.from({ length: 24 }, (_, index) => [`n${index + 100}`, 5]);
  return { ...challenge, lanes: JSON.stringify({ others: 0, known: 2, ...Object.fromEntries(names) }) };
}

describe('a request for a code of a session', () => {
  const owner = { accountId: 'a', sessionId: 's' };
  const mine = request(stranger, { purpose: 'new-number', owner });
  const live = code({ others: 5, known: 0 }, minute, { purpose: 'new-number', ...owner });

  it('has one lane, for the session', () =>
    expect(plan(mine, noHistory)).toMatchObject({ kind: 'issue', lanes: { others: 5, known: 0 } }));
  it('sends it again', () => expect(plan(mine, texts(minute), live)).toMatchObject({ kind: 'resend' }));
  it('does not replace the code of another account, and says when that is over', () =>
    expect(plan({ ...mine, owner: { ...owner, accountId: 'b' } }, texts(minute), live)).toMatchObject({
      ...{ kind: 'refuse', finding: { rule: 'throttled', retryAfterSeconds: 240 } },
    }));
  it('remembers when the last code was used, over the next one', () => {
    const used = code({ others: 5, known: 0 }, minute, { consumedAt: ago(1_000) });
    const made = plan(request(stranger), texts(3 * minute, 2 * minute, minute), used);
    expect(made).toMatchObject({ kind: 'issue', resendIn: 60, history: { usedAt: now - 1_000 } });
  });
});
