import { codeLength } from '../../otp/otp-code';
import { PhoneNumber } from '../../phone/phone-number';
import { CharField, PhoneNumberField } from '../../field/char-field';

export class VerifyOtpDto {
  /**
   * The number that the code was sent to.
   * @example '+255679190720'
   */
  @PhoneNumberField()
  phone_number!: PhoneNumber;

  /**
   * The code out of the text.
   * @example '123456'
   */
  @CharField({ minLength: codeLength, maxLength: codeLength })
  otp!: string;
}
