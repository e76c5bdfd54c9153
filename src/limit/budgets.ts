import type { Clock } from '../clock/clock';
import type { Transaction } from '../transaction/transaction';
import type { BudgetLedger, HourSum } from './budget-ledger';
import type { Finding } from './finding';
import type { LimitSettings } from './limit-settings';
import type { Prices } from './prices';
import type { Subject } from './subject';

const hourSeconds = 3_600;
/** Of each budget a fifth is left to known devices. */
const forAllPercent = 80;
/** So many texts below the end of a budget, requests begin to wait for each other. More than are under way at a time. */
const carefulTexts = 400;

/** One budget that a text is taken from. */
interface Charge {
  rule: 'daily_texts' | 'daily_money';
  /** Key of the budget in its table. */
  budget: string;
  /** Texts, or millionths of money: what there is, and what this text takes. */
  limit: number;
  cost: number;
}

/** How many texts may be sent in 24 hours, and for how much money: in the database, so exact over nodes and restarts. */
export class Budgets {
  constructor(
    private readonly ledger: BudgetLedger,
    private readonly settings: Pick<LimitSettings, 'dailyTexts' | 'dailyMoney'>,
    private readonly prices: Prices,
    private readonly clock: Clock,
  ) {}

  /** Looks at a request for a code, and counts nothing. */
  async check(transaction: Transaction, subject: Subject): Promise<Finding[]> {
    const charges = this.chargesOf(subject);
    const sums = await this.sumsOf(charges, (budget, oldest) => this.ledger.read(transaction, budget, oldest));
    return charges.map((charge, at) => this.judge(charge, sums[at]!));
  }

  /**
   * Takes a text from all its budgets in the transaction that makes it, or from none of them. To be called after the
   * challenge of the number was written, by all requests in the same order, so that they never lock each other out.
   * @returns a finding for each budget; if one of them is refused, nothing was taken
   */
  async spend(transaction: Transaction, subject: Subject): Promise<Finding[]> {
    const charges = this.chargesOf(subject);
    let sums = await this.sumsOf(charges, (budget, oldest) => this.ledger.read(transaction, budget, oldest));
    if (charges.some((charge, at) => isNearEnd(charge, sums[at]!)))
      sums = await this.sumsOf(charges, (budget, oldest) => this.ledger.readLocked(transaction, budget, oldest));
    const findings = charges.map((charge, at) => this.judge(charge, sums[at]!));
    if (findings.every(({ verdict }) => verdict === 'pass')) {
      const hour = this.hour();
      for (const { budget, cost } of charges)
        await this.ledger.add(transaction, { budget, hour, phoneNumber: subject.phoneNumber, amount: cost });
    }
    return findings;
  }

  /** Removes what no budget counts any more. */
  removeExpired(transaction: Transaction): Promise<void> {
    return this.ledger.removeBefore(transaction, this.oldestHour());
  }

  /** In the order of their keys: all requests lock them in the same one. */
  private chargesOf({ country, isKnownDevice }: Subject): Charge[] {
    const { dailyTexts, dailyMoney } = this.settings;
    const price = this.prices.millionthsOf(country);
    const charges = ['', ...(country === undefined ? [] : [country])].flatMap((place): Charge[] => {
      const [texts, money] = [dailyTexts.get(place), dailyMoney.get(place)];
      return [
        ...(texts === undefined
          ? []
          : [{ rule: 'daily_texts', budget: key('texts', place), limit: texts, cost: 1 } as const]),
        ...(money === undefined
          ? []
          : [
              {
                rule: 'daily_money',
                budget: key('money', place),
                limit: Math.round(money * 1_000_000),
                cost: price,
              } as const,
            ]),
      ];
    });
    const share = (limit: number) => (isKnownDevice ? limit : Math.floor((limit * forAllPercent) / 100));
    return charges
      .map((charge) => ({ ...charge, limit: share(charge.limit) }))
      .sort((one, other) => (one.budget < other.budget ? -1 : 1));
  }

  private async sumsOf(charges: Charge[], read: (budget: string, oldest: number) => Promise<HourSum[]>) {
    const sums: HourSum[][] = [];
    for (const { budget } of charges) sums.push(await read(budget, this.oldestHour()));
    return sums;
  }

  private judge({ rule, limit, cost }: Charge, hours: HourSum[]): Finding {
    const count = total(hours);
    const passes = count + cost <= limit;
    return {
      ...{ rule, count, limit },
      ...(passes
        ? { verdict: 'pass' }
        : { verdict: 'refuse', retryAfterSeconds: this.secondsUntil(hours, limit - cost) }),
      help: 'The operator can raise the budget; a fifth of it is kept for known devices.',
    };
  }

  /** @returns whole seconds until so little is spent if nothing more is; a day if that never comes */
  private secondsUntil(hours: HourSum[], most: number): number {
    let left = total(hours);
    for (const { hour, amount } of [...hours].sort((one, other) => one.hour - other.hour)) {
      left -= amount;
      if (left <= most) return Math.max(1, (hour + 25) * hourSeconds - Math.floor(this.clock.now().getTime() / 1000));
    }
    return 24 * hourSeconds;
  }

  private hour(): number {
    return Math.floor(this.clock.now().getTime() / 1000 / hourSeconds);
  }

  /** The hour that was 24 hours ago counts as a whole, so that in no 24 hours more is spent. */
  private oldestHour(): number {
    return this.hour() - 24;
  }
}

const key = (what: string, place: string) => (place === '' ? what : `${what}:${place}`);
const total = (hours: HourSum[]) => hours.reduce((sum, { amount }) => sum + amount, 0);
const isNearEnd = ({ limit, cost }: Charge, hours: HourSum[]) => total(hours) + carefulTexts * cost > limit;
