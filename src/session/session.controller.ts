import { Controller, Delete, Get, HttpCode, HttpStatus, Param } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Client, type ClientInfo } from '../client/client-info';
import { accountPrefix } from '../client/request-path';
import { NotFound } from '../error/refusal';
import { Refuses } from '../error/refuses';
import { IdPipe } from '../field/id.pipe';
import { CurrentCaller, SignedIn, type Caller } from './caller';
import { SessionDto } from './dto/session.dto';
import { SessionService } from './session.service';

@ApiTags('session')
@SignedIn()
@Controller(`${accountPrefix}/sessions`)
export class SessionController {
  constructor(private readonly sessions: SessionService) {}

  /** The caller's live sessions, newest first. */
  @Get()
  async listSessions(@CurrentCaller() { accountId, sessionId }: Caller): Promise<SessionDto[]> {
    const sessions = await this.sessions.list(accountId);
    return sessions.map((session) => new SessionDto(session, sessionId));
  }

  /** Close every session but the one that is asking. */
  @Delete()
  @HttpCode(HttpStatus.NO_CONTENT)
  closeOtherSessions(@CurrentCaller() caller: Caller, @Client() client: ClientInfo): Promise<void> {
    return this.sessions.closeOthers(caller, client);
  }

  /** Close a session of the caller. */
  @Delete(':id/')
  @HttpCode(HttpStatus.NO_CONTENT)
  @Refuses({ refusal: NotFound, when: 'No live session of the caller.' })
  closeSession(
    @CurrentCaller() caller: Caller,
    @Param('id', IdPipe) id: string,
    @Client() client: ClientInfo,
  ): Promise<void> {
    return this.sessions.close(caller, id, client);
  }
}
