import { Module } from '@nestjs/common';
import { ClockModule } from '../clock/clock.module';
import { KeyModule } from '../key/key.module';
import { JwksController } from './jwks.controller';
import { SimplejwtTokens } from './simplejwt-tokens';
import { TokenPolicy } from './token-policy';
import { TokenService } from './token.service';

@Module({
  imports: [ClockModule, KeyModule],
  controllers: [JwksController],
  providers: [SimplejwtTokens, TokenPolicy, TokenService],
  exports: [SimplejwtTokens, TokenService],
})
export class TokenModule {}
