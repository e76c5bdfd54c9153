import { TaskCancelledError, timeout, TimeoutStrategy } from 'cockatiel';
import { LRUCache } from 'lru-cache';
import { addSeconds, type Clock } from '../clock/clock';
import type { Log } from '../log/log';
import { later, TransportBreaker } from './transport-breaker';
import { SmsNotTaken, type Sms, type SmsTransport } from './sms-transport';

/** Shorter than a lease, with room for two clocks that are 2 s apart. */
const timeoutMilliseconds = 5_000;
/** Numbers whose own waits are kept. */
const maxWaits = 10_000;

/** A transport with what this node knows of its state: whether it rests, and which numbers are to wait. */
export class GuardedTransport {
  private readonly timeout = timeout(timeoutMilliseconds, TimeoutStrategy.Aggressive);
  private readonly breaker: TransportBreaker;
  /** Until when the provider asks to wait with a number. */
  private readonly waits = new LRUCache<string, Date>({ max: maxWaits });

  constructor(
    private readonly transport: SmsTransport,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {
    this.breaker = new TransportBreaker(clock);
  }

  get name(): string {
    return this.transport.name;
  }

  /**
   * When a text to this number may be tried; a time in the past if it may be now.
   * @param to E.164
   */
  availableAt(to: string): Date {
    return later(this.waits.get(to) ?? new Date(0), this.breaker.restsUntil(to));
  }

  /** Called for each text that is given to this transport, so that only one tries out a transport that failed. */
  reserve({ id, phoneNumber }: { id: string; phoneNumber: string }): void {
    this.breaker.reserve(id, phoneNumber, timeoutMilliseconds / 1000);
  }

  /**
   * @returns the provider's id of the text, if it gives one
   * @throws SmsNotTaken, after 5 s at the latest
   */
  async send(sms: Sms): Promise<string | undefined> {
    if (this.availableAt(sms.to) > this.clock.now() && !this.breaker.isTrial(sms)) throw SmsNotTaken.passing('resting');
    this.breaker.reserve(sms.id, sms.to, timeoutMilliseconds / 1000);
    try {
      const providerId = await this.timeout.execute(({ signal }) => this.transport.send(sms, signal));
      this.recordTaken();
      return providerId || undefined;
    } catch (error) {
      const fault = faultOf(error);
      this.recordFault(sms, fault);
      throw fault;
    }
  }

  private recordTaken(): void {
    if (this.breaker.recordTaken()) this.log.event('transport is back', { transport: this.name });
  }

  private recordFault({ id, to, ttlSeconds }: Sms, fault: SmsNotTaken): void {
    const { retryAfterSeconds } = fault;
    const wait = Math.min(retryAfterSeconds, ttlSeconds);
    if (wait > 0) this.waits.set(to, addSeconds(this.clock.now(), wait));
    if (this.breaker.recordFault(id, to, fault))
      this.log.event('transport rests', { transport: this.name, reason: 'failed_repeatedly' });
  }
}

function faultOf(error: unknown): SmsNotTaken {
  if (error instanceof SmsNotTaken) return error;
  if (error instanceof TaskCancelledError) return SmsNotTaken.passing('timed_out');
  return SmsNotTaken.passing('unreachable', { cause: error });
}
