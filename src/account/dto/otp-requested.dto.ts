import { ApiProperty } from '@nestjs/swagger';

export class OtpRequestedDto {
  @ApiProperty({ example: 'OTP sent successfully' })
  detail!: string;

  /**
   * Seconds until the code expires.
   * @example 300
   */
  @ApiProperty({ type: 'integer' })
  expires_in!: number;

  /**
   * Seconds until the code can be sent once more.
   * @example 60
   */
  @ApiProperty({ type: 'integer' })
  resend_in!: number;

  /** @example 6 */
  @ApiProperty({ type: 'integer' })
  code_length!: number;

  /** What keyboard to show. */
  @ApiProperty({ enum: ['numeric'], example: 'numeric' })
  code_format!: 'numeric';
}
