import { ApiProperty } from '@nestjs/swagger';
import type { PartStatus } from '../error/refusal';

export class LivenessDto {
  @ApiProperty({ enum: ['ok'] })
  status!: 'ok';
}

export class ReadinessDto {
  @ApiProperty({ enum: ['ok'] })
  status!: 'ok';

  @ApiProperty({
    description: 'The parts that the service uses: `up`, or `degraded` if it does without one for the time being.',
    type: 'object',
    additionalProperties: { type: 'string', enum: ['up', 'degraded'] },
    example: { database: 'up', redis: 'up' },
  })
  parts!: Record<string, PartStatus>;
}
