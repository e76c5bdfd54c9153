import {
  BrokenCircuitError,
  circuitBreaker,
  CircuitState,
  ConsecutiveBreaker,
  handleWhen,
  TaskCancelledError,
  timeout,
  TimeoutStrategy,
} from 'cockatiel';
import { addSeconds, type Clock } from '../clock/clock';
import type { Log } from '../log/log';
import { SmsNotTaken, type Sms, type SmsTransport } from './sms-transport';

/** Shorter than a lease, with room for two clocks that are 2 s apart. */
const patienceMilliseconds = 5_000;
const failuresToRest = 5;
const restSeconds = 30;

/** A transport that is left alone for a while when it fails again and again, or asks for it. */
export class SmsCarrier {
  private readonly breaker = circuitBreaker(
    handleWhen((error) => !(error instanceof SmsNotTaken && error.kind !== 'passing')),
    // How long it rests is told by the clock that everything goes by; afterwards one text at a time is a trial.
    { halfOpenAfter: 0, breaker: new ConsecutiveBreaker(failuresToRest) },
  );
  private readonly patience = timeout(patienceMilliseconds, TimeoutStrategy.Aggressive);
  private restsUntil = new Date(0);

  constructor(
    private readonly transport: SmsTransport,
    private readonly clock: Clock,
    log: Log,
  ) {
    this.breaker.onBreak(() => {
      this.rest(restSeconds);
      log.event('transport rests', { transport: this.name, reason: 'failed_repeatedly' });
    });
    this.breaker.onReset(() => {
      this.restsUntil = new Date(0);
      log.event('transport is back', { transport: this.name });
    });
  }

  get name(): string {
    return this.transport.name;
  }

  /** When it may be tried again; a time in the past if it may now. */
  get availableAt(): Date {
    return this.restsUntil;
  }

  /**
   * @returns the provider's id of the text, if it gives one
   * @throws SmsNotTaken, after 5 s at the latest
   */
  async send(sms: Sms): Promise<string | undefined> {
    if (this.restsUntil > this.clock.now()) throw SmsNotTaken.passing('resting');
    // This one is a trial: the others wait for what becomes of it.
    if (this.breaker.state !== CircuitState.Closed) this.rest(patienceMilliseconds / 1000);
    try {
      // Not wrapped into one policy: that would have all texts under way listen to one signal.
      const providerId = await this.breaker.execute(() =>
        this.patience.execute(({ signal }) => this.transport.send(sms, signal)),
      );
      return providerId || undefined;
    } catch (error) {
      const fault = faultOf(error);
      if (fault.retryAfterSeconds > 0) this.rest(fault.retryAfterSeconds);
      throw fault;
    }
  }

  private rest(seconds: number): void {
    const until = addSeconds(this.clock.now(), seconds);
    if (until > this.restsUntil) this.restsUntil = until;
  }
}

function faultOf(error: unknown): SmsNotTaken {
  if (error instanceof SmsNotTaken) return error;
  if (error instanceof BrokenCircuitError) return SmsNotTaken.passing('resting');
  if (error instanceof TaskCancelledError) return SmsNotTaken.passing('timed_out');
  return SmsNotTaken.passing('unreachable', { cause: error });
}
