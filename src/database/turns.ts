import { DatabaseUnavailable } from '../transaction/database-fault';

/** The right to use one of a few connections; it is held, or waited for in the line, until its end. */
export interface Turn {
  /** @throws DatabaseUnavailable (rejects) after 5 s in the line, or if the turn ends while it is in the line */
  readonly begun: Promise<void>;
  /** Passes the turn on, or leaves the line. Calling it again changes nothing. */
  end(): void;
}

/** Longer than any transaction: only a query that waits for its own transaction, through another manager, meets it. */
const longestWaitMilliseconds = 5_000;

/**
 * At most so many at once; the others wait in a line of limited length, in the order in which they came. Unlike the
 * queue of mysql2's pool, a caller can leave it.
 */
export class Turns {
  private readonly line = new Set<() => void>();

  /**
   * @param free how many turns are held at once
   * @param longestLine how many callers wait
   */
  constructor(
    private free: number,
    private readonly longestLine: number,
  ) {}

  /** @throws DatabaseUnavailable if the line is full */
  take(): Turn {
    if (this.free > 0) {
      this.free -= 1;
      return { begun: Promise.resolve(), end: once(() => this.next()) };
    }
    if (this.line.size >= this.longestLine) throw new DatabaseUnavailable(`${this.longestLine} callers wait already`);
    return this.wait();
  }

  private wait(): Turn {
    let end = () => {};
    const begun = new Promise<void>((resolve, reject) => {
      const leave = (why: string) => {
        clearTimeout(timer);
        this.line.delete(begin);
        reject(new DatabaseUnavailable(why));
      };
      const begin = () => {
        clearTimeout(timer);
        this.line.delete(begin);
        end = once(() => this.next());
        resolve();
      };
      const timer = setTimeout(() => leave(`no turn within ${longestWaitMilliseconds} ms`), longestWaitMilliseconds);
      end = () => leave('the line was left');
      this.line.add(begin);
    });
    return { begun, end: () => end() };
  }

  private next(): void {
    const [begin] = this.line;
    if (begin === undefined) this.free += 1;
    else begin();
  }
}

function once(action: () => void): () => void {
  let done = false;
  return () => {
    if (!done) action();
    done = true;
  };
}
