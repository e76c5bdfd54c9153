import { Controller, Get, Query, Req } from '@nestjs/common';
import { ApiNotFoundResponse, ApiQuery, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { InvalidPage } from '../error/refusal';
import { CurrentCaller, SignedIn, type Caller } from '../token/caller';
import { AuthEventDto, EventsPageDto } from './dto/events-page.dto';
import { eventsPerPage, ProfileService } from './profile.service';

@ApiTags('me')
@SignedIn()
@Controller('api/account/events')
export class EventController {
  constructor(private readonly profiles: ProfileService) {}

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
  @ApiNotFoundResponse({
    description: 'There is no such page.',
    content: { 'application/json': { example: { detail: 'Invalid page.' } } },
  })
  async listEvents(
    @CurrentCaller() caller: Caller,
    @Query('page') asked: unknown,
    @Req() { protocol, host }: FastifyRequest,
  ): Promise<EventsPageDto> {
    const { page, count, events } = await this.profiles.eventsOf(caller, pageAsked(asked));
    const link = (to: number) => `${protocol}://${host}/api/account/events/${to === 1 ? '' : `?page=${to}`}`;
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
