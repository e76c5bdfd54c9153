import { Controller, Get } from '@nestjs/common';
import { ApiServiceUnavailableResponse, ApiTags } from '@nestjs/swagger';
import { LivenessDto, ReadinessDto } from './readiness.dto';
import { ReadinessService } from './readiness.service';

@ApiTags('health')
@Controller('health')
export class HealthController {
  constructor(private readonly readiness: ReadinessService) {}

  /** The process answers. */
  @Get('live/')
  live(): LivenessDto {
    return { status: 'ok' };
  }

  /** The database takes writes, its clock agrees with this machine's, and the process is not stopping. */
  @Get('ready/')
  @ApiServiceUnavailableResponse({
    description: 'A part is down, or the process is stopping.',
    content: {
      'application/json': {
        schema: {
          type: 'object',
          required: ['status', 'parts'],
          properties: {
            status: { type: 'string', enum: ['unavailable'] },
            parts: { type: 'object', additionalProperties: { type: 'string', enum: ['up', 'degraded', 'down'] } },
          },
        },
        example: { status: 'unavailable', parts: { database: 'down' } },
      },
    },
  })
  ready(): Promise<ReadinessDto> {
    return this.readiness.check();
  }
}
