import { ApiProperty } from '@nestjs/swagger';

import type { CodeFormat } from '../../limit/number-limits';
import { codeFormats, codeLength } from '../../otp/otp-code';
import type { IssuedOtp } from '../../otp/otp.service';

export class OtpRequestedDto {
  @ApiProperty({ type: String, example: 'OTP sent successfully' })
  detail = 'OTP sent successfully';

  /**
   * Seconds until the code expires.
   * @example 300
   */
  @ApiProperty({ type: 'integer' })
  expires_in: number;

  /**
   * Seconds until the code can be sent once more.
   * @example 60
   */
  @ApiProperty({ type: 'integer' })
  resend_in: number;

  /** @example 6 */
  @ApiProperty({ type: 'integer' })
  code_length = codeLength;

  /** What keyboard to show. `alphanumeric`: digits and letters, small or capital, for a number that is under attack. */
  @ApiProperty({ enum: codeFormats, example: 'numeric' })
  code_format: CodeFormat;

  /**
   * By which `GET /api/account/request-otp/{request_id}/` tells what became of the text.
   * @example 019aab3c-6a51-7c3e-9f0b-4d5a1f2e6b77
   */
  @ApiProperty({ type: String })
  request_id: string;

  constructor({ expiresIn, resendIn, requestId, format }: IssuedOtp) {
    this.expires_in = expiresIn;
    this.resend_in = resendIn;
    this.code_format = format;
    this.request_id = requestId;
  }
}
