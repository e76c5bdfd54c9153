import { ApiProperty } from '@nestjs/swagger';
import { timeText } from '../../clock/clock';
import type { AuthEvent } from '../../event/auth-event.entity';

const kinds = [
  'signed_in',
  'signed_out',
  'session_closed',
  'refresh_token_reused',
  'phone_number_changed',
  'phone_number_restored',
  'phone_number_recycled',
  'account_deleted',
];

export class AuthEventDto {
  @ApiProperty({ format: 'uuid' })
  id: string;

  @ApiProperty({ enum: kinds, example: 'signed_in' })
  kind: string;

  @ApiProperty({ format: 'date-time', example: '2026-06-01T12:00:00.250000Z' })
  at: string;

  @ApiProperty({ type: String, format: 'uuid', nullable: true })
  session_id: string | null;

  /** The network that it came from; empty where nobody called. */
  @ApiProperty({ example: '203.0.113.0' })
  ip: string;

  @ApiProperty({ example: 'Mozilla/5.0' })
  user_agent: string;

  constructor(event: AuthEvent) {
    this.id = event.id;
    this.kind = event.kind;
    this.at = timeText(event.at);
    this.session_id = event.sessionId;
    this.ip = event.ip;
    this.user_agent = event.userAgent;
  }
}

/** As REST framework's page number pagination has it. */
export class EventsPageDto {
  @ApiProperty({ type: 'integer', example: 1 })
  count!: number;

  @ApiProperty({ type: String, nullable: true, example: null })
  next!: string | null;

  @ApiProperty({ type: String, nullable: true, example: null })
  previous!: string | null;

  @ApiProperty({ type: [AuthEventDto] })
  results!: AuthEventDto[];
}
