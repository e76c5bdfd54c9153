import { Injectable, type ArgumentMetadata, type PipeTransform, type Type } from '@nestjs/common';
import { getMetadataStorage, validateSync, type ValidationError } from 'class-validator';
import { InvalidFields, type FieldFault } from '../error/refusal';
import { PhoneNumber, type PhonePolicy } from '../phone/phone-number';
import { PhoneSettings } from '../phone/phone-settings';
import { RequestBody } from './request-body';

/** Turns a body into the DTO that its handler asks for: parsed, trimmed, numbers read, and checked by the DTO's rules. */
@Injectable()
export class DtoPipe implements PipeTransform {
  private readonly phonePolicy: PhonePolicy;

  constructor({ phoneDefaultRegion, phoneCountries, lineTypes }: PhoneSettings) {
    this.phonePolicy = { defaultRegion: phoneDefaultRegion, countries: phoneCountries, lineTypes };
  }

  /** @throws UnsupportedMediaType, MalformedBody, or InvalidFields with the faults of all bad fields */
  async transform(value: unknown, { type, metatype }: ArgumentMetadata): Promise<unknown> {
    if (type !== 'body' || metatype === undefined) return value;
    const given = value instanceof RequestBody ? await value.fields() : {};
    const dtoClass = metatype as DtoClass;
    const dto = new dtoClass();
    // Only what the DTO names: unknown fields are ignored, and never reach a service.
    for (const field of fieldsOf(dtoClass)) {
      if (Object.hasOwn(given, field)) dto[field] = this.read(given[field], dto, field);
    }
    const errors = validateSync(dto);
    if (errors.length > 0) throw new InvalidFields(new Map(errors.map((it) => [it.property, this.faultsOf(it)])));
    return dto;
  }

  private faultsOf({ constraints = {}, property, target, value }: ValidationError): FieldFault[] {
    const ending = endings.find((code) => code in constraints);
    const codes = ending ? [ending] : together.filter((code) => code in constraints);
    const reason = (code: string) =>
      code === 'invalid' && isPhoneNumberField(target!, property)
        ? PhoneNumber.whyRefused(value, this.phonePolicy)
        : (reasons[code] ?? code);
    return codes.map((code) => ({ code: reason(code), message: constraints[code] ?? '' }));
  }

  private read(value: unknown, dto: object, field: string): unknown {
    if (typeof value !== 'string') return value;
    const text = trim(value);
    return (isPhoneNumberField(dto, field) && PhoneNumber.read(text, this.phonePolicy)) || text;
  }
}

/** DTOs are few and do not change: their fields are collected once. */
const knownFields = new Map<DtoClass, ReadonlySet<string>>();

type DtoClass = Type<Record<string, unknown>>;

/** @returns the names of the fields that a DTO's rules are about */
function fieldsOf(dtoClass: DtoClass): ReadonlySet<string> {
  const known = knownFields.get(dtoClass);
  if (known !== undefined) return known;
  const rules = getMetadataStorage().getTargetValidationMetadatas(dtoClass, '', false, false);
  const fields = new Set(rules.map(({ propertyName }) => propertyName));
  knownFields.set(dtoClass, fields);
  return fields;
}

/** Each of these ends the checking of its field; the rest are told together, in REST framework's order. */
const endings = ['required', 'null', 'blank', 'invalid'];
const together = [
  'max_length',
  'min_length',
  'null_characters_not_allowed',
  'surrogate_characters_not_allowed',
  'pattern',
];

/** Under which names problem details tell what REST framework has other names for. */
const reasons: Readonly<Record<string, string>> = {
  invalid: 'not_a_string',
  max_length: 'too_long',
  min_length: 'too_short',
  pattern: 'wrong_pattern',
};

function isPhoneNumberField(dto: object, field: string): boolean {
  return Reflect.getMetadata('design:type', dto, field) === PhoneNumber;
}

/** What Python's `str.strip` takes off: more than JavaScript's `trim` in U+001C to U+001F and U+0085, less in U+FEFF. */
const space = /[\t-\r\x1c- \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/;

/** Step by step from both ends: a regular expression for the end would try every run of spaces on its way there. */
function trim(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && space.test(text.charAt(start))) start += 1;
  while (end > start && space.test(text.charAt(end - 1))) end -= 1;
  return text.slice(start, end);
}
