import { Controller, Get, Query, Req } from '@nestjs/common';
import { ApiQuery, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { ClientSettings } from '../client/client-settings';
import { accountPrefix } from '../client/request-path';
import { serviceUrl } from '../client/service-url';
import { InvalidPage } from '../error/refusal';
import { Refuses } from '../error/refuses';
import { CurrentCaller, SignedIn, type Caller } from '../session/caller';
import { AuthEventDto, EventsPageDto } from './dto/events-page.dto';
import { eventsPerPage, ProfileService } from './profile.service';

@ApiTags('me')
@SignedIn()
@Controller(`${accountPrefix}/events`)
export class EventController {
  constructor(
    private readonly profiles: ProfileService,
    private readonly settings: ClientSettings,
  ) {}

  /** What happened to the caller's way in, newest first. */
  @Get()
  @ApiQuery({
    name: 'page',
    required: false,
    schema: {
      anyOf: [
        { type: 'integer', minimum: 1 },
        { type: 'string', enum: ['last'] },
      ],
    },
  })
  @Refuses(InvalidPage)
  async listEvents(
    @CurrentCaller() caller: Caller,
    @Query('page') asked: unknown,
    @Req() request: FastifyRequest,
  ): Promise<EventsPageDto> {
    const { page, count, events } = await this.profiles.eventsOf(caller, pageAsked(asked));
    const list = `${serviceUrl(request, this.settings.publicUrl)}/${accountPrefix}/events/`;
    const link = (to: number) => (to === 1 ? list : `${list}?page=${to}`);
    return {
      count,
      next: page * eventsPerPage < count ? link(page + 1) : null,
      previous: page > 1 ? link(page - 1) : null,
      results: events.map((event) => new AuthEventDto(event)),
    };
  }
}

/** As REST framework reads it: the last of several, and the first page where it is blank. */
function pageAsked(asked: unknown): number | 'last' {
  const text: unknown = [asked].flat().at(-1) || '1';
  if (text === 'last') return text;
  if (typeof text !== 'string' || !/^0*[1-9]\d{0,8}$/.test(text)) throw new InvalidPage();
  return Number(text);
}
