export class SignInDto {
  /**
   * Refresh token (JWT); keep it where scripts cannot read it.
   * @example eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJ0b2tlbl90eXBlIjoicmVmcmVzaCJ9.c2lnbmF0dXJl
   */
  refresh!: string;

  /**
   * Access token (JWT) for the `Authorization: Bearer` header.
   * @example eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJ0b2tlbl90eXBlIjoiYWNjZXNzIn0.c2lnbmF0dXJl
   */
  access!: string;

  /**
   * Whether this sign-in made the account; true once for each account. The first sign-in by a number that counts as given to
   * another person makes one, too.
   * @example false
   */
  new_member!: boolean;
}
