import { Injectable, type PipeTransform } from '@nestjs/common';
import { validate } from 'uuid';
import { NotFound } from '../error/refusal';

/** An id in a path. What is no UUID (RFC 9562) is the id of nothing, so the database need not be asked for it. */
@Injectable()
export class IdPipe implements PipeTransform<string, string> {
  /**
   * @returns the id as it came
   * @throws NotFound for what is no UUID
   */
  transform(value: string): string {
    if (!validate(value)) throw new NotFound();
    return value;
  }
}
