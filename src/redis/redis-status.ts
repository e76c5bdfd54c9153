import { Injectable } from '@nestjs/common';
import { Log } from '../log/log';

/**
 * Whether Redis does its work, by what became of the last command: one log line when it stops (out of reach, out of
 * memory, a read-only replica), one when it is back, however many requests meet it in between.
 */
@Injectable()
export class RedisStatus {
  private works = true;

  constructor(private readonly log: Log) {}

  /**
   * Learns from a command whether Redis works.
   * @returns the reply to the command
   * @throws what the command failed with
   */
  async watch<T>(command: Promise<T>): Promise<T> {
    try {
      const reply = await command;
      if (!this.works) this.log.event('Redis is back');
      this.works = true;
      return reply;
    } catch (error) {
      this.failed(error);
      throw error;
    }
  }

  /**
   * Learns that Redis does not work.
   * @param error of a command or of the connection
   */
  failed(error: unknown): void {
    const reply = replyIn(error);
    if (this.works) this.log.trouble(reply ? 'Redis refuses commands' : 'Redis is out of reach', reply ?? error);
    this.works = false;
  }
}

/** @returns the error that Redis itself answered with; of a transaction, that of its first refused command */
function replyIn(error: unknown): Error | undefined {
  if (!(error instanceof Error) || error.name !== 'ReplyError') return undefined;
  return (error as { previousErrors?: Error[] }).previousErrors?.[0] ?? error;
}
