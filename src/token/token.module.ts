import { Module } from '@nestjs/common';
import { JwtModule } from '@nestjs/jwt';
import { createSecretKey } from 'node:crypto';
import { ClockModule } from '../clock/clock.module';
import { SETTINGS, type Settings } from '../config/settings';
import { KeyRing } from '../key/key-ring';
import { TOKEN_POLICY, type TokenPolicy } from './token-policy';
import { TokenService } from './token.service';

@Module({
  imports: [ClockModule, JwtModule.register({})],
  providers: [
    TokenService,
    {
      provide: TOKEN_POLICY,
      inject: [SETTINGS],
      useFactory: (given: Settings): TokenPolicy => ({
        accessTtlSeconds: given.accessTokenTtlSeconds,
        refreshIdleSeconds: given.refreshTokenIdleSeconds,
        refreshMaxSeconds: given.refreshTokenMaxSeconds,
        // A key object, not a string: jsonwebtoken would try a string as a PEM key at every signature.
        accessKey: createSecretKey(Buffer.from(given.jwtSecrets[0]!, 'utf8')),
        refreshKey: new KeyRing(given.secretKeys, 'refresh-token').newest.key,
        issuer: given.jwtIssuer,
        audience: given.jwtAudience,
      }),
    },
  ],
  exports: [TokenService],
})
export class TokenModule {}
