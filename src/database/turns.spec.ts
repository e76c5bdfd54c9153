import { DatabaseUnavailable } from '../transaction/database-fault';
import { Turns } from './turns';

it('gives turns in the order in which they were asked for', async () => {
  const turns = new Turns(2, 10);
  const [first, second, third, fourth] = [turns.take(), turns.take(), turns.take(), turns.take()];
  const begun: number[] = [];
  void third.begun.then(() => begun.push(3));
  void fourth.begun.then(() => begun.push(4));
  await Promise.all([first.begun, second.begun]);
  expect(begun).toEqual([]);
  second.end();
  second.end();
  await third.begun;
  expect(begun).toEqual([3]);
  first.end();
  await fourth.begun;
  expect(begun).toEqual([3, 4]);
});

it('refuses at once when the line is full, and has room again when a caller leaves it', async () => {
  const turns = new Turns(1, 1);
  const held = turns.take();
  const waits = turns.take();
  expect(() => turns.take()).toThrow(DatabaseUnavailable);
  waits.end();
  await expect(waits.begun).rejects.toThrow(DatabaseUnavailable);
  const next = turns.take();
  held.end();
  await next.begun;
});

it('is not spent on a caller that left', async () => {
  const turns = new Turns(1, 10);
  const held = turns.take();
  const left = turns.take();
  const next = turns.take();
  left.end();
  await expect(left.begun).rejects.toThrow(DatabaseUnavailable);
  held.end();
  await next.begun;
  next.end();
  await turns.take().begun;
});
