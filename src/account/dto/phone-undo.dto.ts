import { PhoneNumber } from '../../phone/phone-number';
import { CharField, PhoneNumberField } from '../../field/char-field';

export class PhoneUndoDto {
  /**
   * The number that the account had before.
   * @example '+255679190720'
   */
  @PhoneNumberField()
  phone_number!: PhoneNumber;

  /**
   * The code out of the text; case, spaces and dashes do not matter.
   * @example 'BCDF-GHJK-LMNP'
   */
  @CharField({ maxLength: 64 })
  code!: string;
}

/** The number is back. */
export class PhoneUndoneDto {}
