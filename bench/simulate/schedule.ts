/** Somebody who acts now and then: yields the time of the next act, in milliseconds of the simulation. */
export type Actor = AsyncGenerator<number, void>;

/** Part of what an actor does, with a result. */
export type Act<Result> = AsyncGenerator<number, Result>;

/**
 * Lets actors act in the order of their times, one at a time, until `end`.
 * @param at moves the clock to a time, in milliseconds since the start
 */
export async function play(actors: readonly Actor[], end: number, at: (time: number) => void): Promise<void> {
  const waiting = actors.map((actor) => ({ actor, time: 0 }));
  while (waiting.length > 0) {
    const first = waiting.reduce((one, other) => (other.time < one.time ? other : one));
    if (first.time >= end) return;
    at(first.time);
    const { done, value } = await first.actor.next();
    if (done) waiting.splice(waiting.indexOf(first), 1);
    else first.time = Math.max(first.time, value);
  }
}
