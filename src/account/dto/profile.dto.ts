import { ApiProperty } from '@nestjs/swagger';
import { timeText } from '../../clock/clock';
import { CaptchaTokenField } from '../../challenge/captcha-token-field';
import { CharField, PhoneNumberField } from '../../field/char-field';
import { PhoneNumber } from '../../phone/phone-number';
import type { NumberedAccount } from '../account.entity';

export class ProfileDto {
  @ApiProperty({ format: 'uuid' })
  id: string;

  /** E.164. */
  @ApiProperty({ example: '+255679190720' })
  phone_number: string;

  /** Empty until it is set. */
  @ApiProperty({ example: 'Asha' })
  display_name: string;

  /** BCP 47; empty until it is set. */
  @ApiProperty({ example: 'sw' })
  locale: string;

  @ApiProperty({ format: 'date-time', example: '2026-06-01T12:00:00.250000Z' })
  created_at: string;

  @ApiProperty({ format: 'date-time', example: '2026-06-01T12:09:00Z' })
  last_login_at: string;

  constructor(account: NumberedAccount) {
    this.id = account.id;
    this.phone_number = account.phoneNumber;
    this.display_name = account.displayName;
    this.locale = account.locale;
    this.created_at = timeText(account.createdAt);
    this.last_login_at = timeText(account.lastLoginAt);
  }
}

export class ChangeProfileDto {
  /** @example 'Asha' */
  @CharField({ optional: true, allowBlank: true, maxLength: 100 })
  display_name?: string;

  /**
   * BCP 47.
   * @example 'sw'
   */
  @CharField({ optional: true, allowBlank: true, maxLength: 35, pattern: /^([A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*)?$/ })
  locale?: string;
}

export class NewPhoneNumberDto {
  /**
   * The number that the account should have.
   * @example '+255754000001'
   */
  @PhoneNumberField({ textable: true })
  phone_number!: PhoneNumber;

  /** The solved challenge, where one is demanded: `challenge_required` says so. */
  @CaptchaTokenField()
  captcha_token?: string;
}
