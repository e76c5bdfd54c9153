import { Module } from '@nestjs/common';
import { ClockModule } from '../clock/clock.module';
import { SETTINGS, type Settings } from '../config/settings';
import { EventModule } from '../event/event.module';
import { KeyRing } from '../key/key-ring';
import { TransactionModule } from '../transaction/transaction.module';
import { BearerGuard } from './bearer.guard';
import { JwksController } from './jwks.controller';
import { SessionController } from './session.controller';
import { SessionRotation } from './session-rotation';
import { SessionState } from './session-state';
import { SessionService } from './session.service';
import { SIMPLEJWT_TOKENS, SimplejwtTokens } from './simplejwt-tokens';
import { SigningKey } from './signing-key';
import { SpentForeignTokens } from './spent-foreign-tokens';
import { TOKEN_POLICY, type TokenPolicy } from './token-policy';
import { TokenRing } from './token-ring';
import { TokenController } from './token.controller';
import { TokenService } from './token.service';
import { Tokens } from './tokens';

@Module({
  imports: [ClockModule, EventModule, TransactionModule],
  controllers: [TokenController, SessionController, JwksController],
  providers: [
    BearerGuard,
    SessionRotation,
    SessionService,
    SessionState,
    SpentForeignTokens,
    Tokens,
    TokenService,
    {
      provide: SIMPLEJWT_TOKENS,
      inject: [SETTINGS],
      useFactory: ({ simplejwt }: Settings) => simplejwt && new SimplejwtTokens(simplejwt),
    },
    {
      provide: TOKEN_POLICY,
      inject: [SETTINGS],
      useFactory: (given: Settings): TokenPolicy => ({
        accessTtlSeconds: given.accessTokenTtlSeconds,
        refreshIdleSeconds: given.refreshTokenIdleSeconds,
        refreshMaxSeconds: given.refreshTokenMaxSeconds,
        issuer: given.jwtIssuer,
        audience: given.jwtAudience,
        accountClaims: given.accessTokenClaims,
        access: new TokenRing(
          'access',
          [
            ...given.jwtKeys.map((key) => SigningKey.ofPrivateKey(key)),
            ...given.jwtSecrets.map((secret) => SigningKey.ofSecret(secret)),
          ],
          given.jwtAlgorithm,
        ),
        refresh: new TokenRing(
          'refresh',
          new KeyRing(given.secretKeys, 'refresh-token').all.map(({ key }) => SigningKey.ofSecret(key)),
        ),
      }),
    },
  ],
  exports: [BearerGuard, SessionService, TokenService],
})
export class TokenModule {}
