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
   * Language of the text (BCP 47).
   * @example sw
   */
  @CharField({ optional: true, maxLength: 35, pattern: /^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$/ })
  locale?: string;
}
