import { applyDecorators } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { ValidateBy, ValidateIf } from 'class-validator';
import { PhoneNumber } from '../phone/phone-number';

interface CharFieldOptions {
  minLength?: number;
  maxLength?: number;
  pattern?: RegExp;
  optional?: boolean;
  allowBlank?: boolean;
}

/** A rule under the code that Django REST framework gives it, with its sentence. */
function rule(name: string, holds: (value: unknown) => boolean, message: (value: unknown) => string) {
  return ValidateBy({
    name,
    validator: { validate: holds, defaultMessage: (args) => message(args?.value) },
  });
}

const presence = ({ optional = false, allowBlank = false } = {}) => [
  optional
    ? ValidateIf((_dto, value) => value !== undefined)
    : rule(
        'required',
        (value) => value !== undefined,
        () => 'This field is required.',
      ),
  rule(
    'null',
    (value) => value !== null,
    () => 'This field may not be null.',
  ),
  rule(
    'blank',
    (value) => allowBlank || value !== '',
    () => 'This field may not be blank.',
  ),
];

/** Length in code points, as Python counts. */
const lengthOf = (value: unknown) => (typeof value === 'string' ? [...value].length : 0);
/** Never `String(value)`: an object's own `toString` may be anything, and a deep list overruns the stack. */
const textOf = (value: unknown) => (typeof value === 'string' ? value : '');
const loneSurrogate = /\p{Surrogate}/u;
const surrogateIn = (value: unknown) => loneSurrogate.exec(textOf(value))?.[0].charCodeAt(0).toString(16).toUpperCase();

/** Text as REST framework's `CharField` takes it; the pipe has trimmed it and turned JSON numbers into text. */
export function CharField({ minLength = 0, maxLength = Infinity, pattern, ...presenceOptions }: CharFieldOptions) {
  return applyDecorators(
    ApiProperty({
      type: String,
      required: !presenceOptions.optional,
      minLength: minLength || undefined,
      maxLength: Number.isFinite(maxLength) ? maxLength : undefined,
      pattern: pattern?.source,
    }),
    ...presence(presenceOptions),
    rule(
      'invalid',
      (value) => typeof value === 'string',
      () => 'Not a valid string.',
    ),
    rule(
      'max_length',
      (value) => lengthOf(value) <= maxLength,
      () => `Ensure this field has no more than ${maxLength} characters.`,
    ),
    rule(
      'min_length',
      (value) => lengthOf(value) >= minLength,
      () => `Ensure this field has at least ${minLength} characters.`,
    ),
    rule(
      'pattern',
      (value) => pattern === undefined || pattern.test(textOf(value)),
      () => 'This value does not match the required pattern.',
    ),
    rule(
      'null_characters_not_allowed',
      (value) => !textOf(value).includes('\0'),
      () => 'Null characters are not allowed.',
    ),
    rule(
      'surrogate_characters_not_allowed',
      (value) => !loneSurrogate.test(textOf(value)),
      (value) => `Surrogate characters are not allowed: U+${surrogateIn(value)}.`,
    ),
  );
}

/** A phone number: the pipe has read it, so what is still text is none. */
export function PhoneNumberField({ textable = false } = {}) {
  return applyDecorators(
    ApiProperty({ type: String, maxLength: 250 }),
    ...presence(),
    rule(
      'invalid',
      (value) => value instanceof PhoneNumber && (value.textable || !textable),
      () => 'Enter a valid phone number.',
    ),
  );
}
