import { Module } from '@nestjs/common';
import { KeyRings } from './key-rings';
import { Pseudonyms } from './pseudonyms';

/** The keys of features that derive some, and the pseudonyms that events and the log share. */
@Module({
  providers: [
    KeyRings,
    {
      provide: Pseudonyms,
      inject: [KeyRings],
      useFactory: (rings: KeyRings) => new Pseudonyms(rings.of('pseudonym')),
    },
  ],
  exports: [KeyRings, Pseudonyms],
})
export class KeyModule {}
