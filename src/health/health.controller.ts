import { Controller, Get } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { NotReady } from '../error/refusal';
import { Refuses } from '../error/refuses';
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
  @Refuses(NotReady)
  ready(): Promise<ReadinessDto> {
    return this.readiness.check();
  }
}
