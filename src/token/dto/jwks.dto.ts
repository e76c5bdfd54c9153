import { ApiProperty } from '@nestjs/swagger';

/** A public key (RFC 7517): EC keys have `crv`, `x` and `y`, RSA keys `n` and `e`. */
export class JwkDto {
  @ApiProperty({ enum: ['EC', 'RSA'] })
  kty!: string;

  @ApiProperty()
  kid!: string;

  @ApiProperty({ enum: ['ES256', 'RS256'] })
  alg!: string;

  @ApiProperty({ enum: ['sig'] })
  use!: string;

  crv?: string;
  x?: string;
  y?: string;
  n?: string;
  e?: string;
}

export class JwksDto {
  @ApiProperty({ type: [JwkDto] })
  keys!: JwkDto[];
}
