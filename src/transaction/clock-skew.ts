import { Injectable } from '@nestjs/common';
import { Log } from '../log/log';

/** Codes, gaps and refresh tokens bear clocks that are apart by this much. */
const maxMilliseconds = 2_000;

/** Why nothing is read or written: this node would take expired codes, or refuse live sessions. */
export class ClocksApart extends Error {
  constructor() {
    super('The clocks of this machine and of the database are more than 2 s apart.');
  }
}

/** How far this machine's clock is ahead of the database's, as it was last measured; 0 until then. */
@Injectable()
export class ClockSkew {
  private milliseconds = 0;

  constructor(private readonly log: Log) {}

  get isTooLarge(): boolean {
    return Math.abs(this.milliseconds) > maxMilliseconds;
  }

  /** Logs only that clocks have come apart, and that they agree again. */
  record(milliseconds: number): void {
    const wasTooLarge = this.isTooLarge;
    this.milliseconds = milliseconds;
    if (this.isTooLarge === wasTooLarge) return;
    const fields = { offsetMilliseconds: Math.round(milliseconds) };
    if (wasTooLarge) this.log.event('clocks agree again', fields);
    else this.log.trouble('clocks are apart', new ClocksApart(), fields);
  }
}
