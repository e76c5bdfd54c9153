import { CaptchaTokenField } from '../../challenge/captcha-token-field';
import { PhoneNumber } from '../../phone/phone-number';
import { CharField, PhoneNumberField } from '../../field/char-field';

export class RequestOtpDto {
  /**
   * With its country code, written as people write numbers.
   * @example '+255679190720'
   */
  @PhoneNumberField({ textable: true })
  phone_number!: PhoneNumber;

  /**
   * Language of the text (BCP 47). Without wording in it, or if it is no language, the next best one is taken: that of
   * `Accept-Language`, of the number's country, or the service's own.
   * @example sw
   */
  @CharField({ optional: true })
  locale?: string;

  /** The solved challenge, where one is demanded: `challenge_required` says so. */
  @CaptchaTokenField()
  captcha_token?: string;
}
