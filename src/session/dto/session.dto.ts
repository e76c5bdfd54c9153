import { ApiProperty } from '@nestjs/swagger';
import { timeText } from '../../clock/clock';
import type { Session } from '../session.entity';

export class SessionDto {
  @ApiProperty({ format: 'uuid' })
  id: string;

  @ApiProperty({ format: 'date-time', example: '2026-06-01T12:00:00.250000Z' })
  created_at: string;

  @ApiProperty({ format: 'date-time', example: '2026-06-01T12:09:00Z' })
  last_used_at: string;

  /** When it ends if it is not used again. */
  @ApiProperty({ format: 'date-time', example: '2026-07-01T12:09:00Z' })
  expires_at: string;

  /** The network that it was last used from: IPv4 by /24, IPv6 by /48. */
  @ApiProperty({ example: '203.0.113.0' })
  ip: string;

  @ApiProperty({ example: 'Mozilla/5.0' })
  user_agent: string;

  /** Whether this is the session that is asking. */
  @ApiProperty()
  current: boolean;

  constructor(session: Session, currentId: string) {
    this.id = session.id;
    this.created_at = timeText(session.createdAt);
    this.last_used_at = timeText(session.rotatedAt);
    this.expires_at = timeText(session.expiresAt);
    this.ip = session.ip;
    this.user_agent = session.userAgent;
    this.current = session.id === currentId;
  }
}
