import { Injectable, type PipeTransform } from '@nestjs/common';
import { validate } from 'uuid';
import { NotFound } from '../error/refusal';

/** An id in a path. What is no UUID (RFC 9562) is nobody's id, and no database has to compare it with any. */
@Injectable()
export class IdPipe implements PipeTransform<string, string> {
  /** @throws NotFound */
  transform(value: string): string {
    if (!validate(value)) throw new NotFound();
    return value;
  }
}
