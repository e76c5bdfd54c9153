import { CharField } from '../../field/char-field';

export class RefreshTokenDto {
  /**
   * A refresh token.
   * @example eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJ0b2tlbl90eXBlIjoicmVmcmVzaCJ9.c2lnbmF0dXJl
   */
  @CharField({})
  refresh!: string;
}

export class AnyTokenDto {
  /**
   * An access or a refresh token.
   * @example eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJ0b2tlbl90eXBlIjoiYWNjZXNzIn0.c2lnbmF0dXJl
   */
  @CharField({})
  token!: string;
}

export class TokenPairDto {
  /**
   * Access token (JWT) for the `Authorization: Bearer` header.
   * @example eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJ0b2tlbl90eXBlIjoiYWNjZXNzIn0.c2lnbmF0dXJl
   */
  access!: string;

  /**
   * The refresh token that takes the place of the one that was sent.
   * @example eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJ0b2tlbl90eXBlIjoicmVmcmVzaCJ9.c2lnbmF0dXJl
   */
  refresh!: string;
}

/** Nothing to tell: `{}`. */
export class EmptyDto {}
