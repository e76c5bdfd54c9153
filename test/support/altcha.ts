import { solveChallenge } from 'altcha-lib';
import { deriveKey } from 'altcha-lib/algorithms/pbkdf2';
import type { TestingModuleBuilder } from '@nestjs/testing';
import { AltchaDifficulty } from '../../src/challenge/altcha-difficulty';
import type { AltchaChallengeDto } from '../../src/challenge/dto/challenge.dto';

export const challengePath = '/api/account/challenge/';

/** What the ALTCHA widget sends, before it is written as base64. */
export interface Payload {
  challenge: AltchaChallengeDto;
  solution: { counter: number; derivedKey: string };
}

/** Solves a challenge by the code of the ALTCHA project itself. */
export async function solve(challenge: AltchaChallengeDto): Promise<Payload> {
  const solution = await solveChallenge({ challenge, deriveKey });
  if (solution === null) throw new Error('not solved');
  return { challenge, solution };
}

export const written = (payload: unknown) => Buffer.from(JSON.stringify(payload)).toString('base64');

/** For `TestApp.start`: as much work as takes no time. */
export const easyChallenges = (builder: TestingModuleBuilder) =>
  builder.overrideProvider(AltchaDifficulty).useValue({ cost: 2, leastCounter: 3, mostCounter: 9 });
