import { Injectable } from '@nestjs/common';

/**
 * How much work an ALTCHA challenge is: `cost` iterations of PBKDF2 for each counter from 0 to one between `leastCounter`
 * and `mostCounter`; 4 million iterations on average.
 *
 * Measured on one core of an AMD EPYC: 5.2 million iterations a second by OpenSSL, so 0.8 s a challenge on average and 1.2 s at
 * most; making one costs the service 0.4 ms and checking one next to nothing. The widget works on several cores at a
 * time. With four cores of a phone at 1 million iterations a second each, it takes 1 s on average: that is an estimate.
 */
@Injectable()
export class AltchaDifficulty {
  readonly cost: number = 2_000;
  readonly leastCounter: number = 1_000;
  readonly mostCounter: number = 3_000;
}
