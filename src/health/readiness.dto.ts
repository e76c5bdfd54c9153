import { ApiProperty } from '@nestjs/swagger';

export class LivenessDto {
  @ApiProperty({ enum: ['ok'] })
  status!: 'ok';
}

export class ReadinessDto {
  @ApiProperty({ enum: ['ok'] })
  status!: 'ok';

  @ApiProperty({
    description: 'The parts that the service needs, each `up`.',
    type: 'object',
    additionalProperties: { type: 'string', enum: ['up'] },
    example: { database: 'up' },
  })
  parts!: Record<string, 'up' | 'down'>;
}
