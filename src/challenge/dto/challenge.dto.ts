import { ApiProperty } from '@nestjs/swagger';
import type { SiteverifyProvider } from '../challenge-settings';

const hexExample = (bytes: number) => ({ pattern: `^[0-9a-f]{${2 * bytes}}$`, example: '5f'.repeat(bytes) });

/** As the ALTCHA widget reads it (version 3 of the npm package `altcha`). */
export class AltchaParametersDto {
  @ApiProperty({ enum: ['PBKDF2/SHA-256'] })
  algorithm!: 'PBKDF2/SHA-256';

  /** Iterations for each try. */
  @ApiProperty({ type: 'integer', example: 2_000 })
  cost!: number;

  /** Seconds since 1970. */
  @ApiProperty({ type: 'integer', example: 1_780_315_500 })
  expiresAt!: number;

  /** Bytes. */
  @ApiProperty({ type: 'integer', example: 32 })
  keyLength!: number;

  /** What the key begins with that is looked for. */
  @ApiProperty(hexExample(16))
  keyPrefix!: string;

  @ApiProperty(hexExample(32))
  keySignature!: string;

  @ApiProperty(hexExample(16))
  nonce!: string;

  @ApiProperty(hexExample(16))
  salt!: string;
}

/** An ALTCHA challenge. */
export class AltchaChallengeDto {
  parameters!: AltchaParametersDto;

  @ApiProperty(hexExample(32))
  signature!: string;
}

/** What the widget of a provider is started with. */
export class SiteKeyDto {
  @ApiProperty({ enum: ['turnstile', 'hcaptcha', 'recaptcha'] })
  provider!: SiteverifyProvider;

  /** `CAPTCHA_SITE_KEY` of the settings; public. */
  @ApiProperty({ example: '1x00000000000000000000AA' })
  site_key!: string;
}
