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
  @ApiQuery({ name: 'page', required: false, schema: { type: 'integer', minimum: 1, default: 1 } })
  @ApiNotFoundResponse({
    description: 'There is no such page.',
    content: { 'application/json': { example: { detail: 'Invalid page.' } } },
  })
  async listEvents(
    @CurrentCaller() caller: Caller,
    @Query('page') asked: unknown,
    @Req() { protocol, host }: FastifyRequest,
  ): Promise<EventsPageDto> {
    const page = pageNumber(asked);
    const { count, events } = await this.profiles.eventsOf(caller, page);
    const link = (to: number) => `${protocol}://${host}/api/account/events/${to === 1 ? '' : `?page=${to}`}`;
    return {
      count,
      next: page * eventsPerPage < count ? link(page + 1) : null,
      previous: page > 1 ? link(page - 1) : null,
      results: events.map((event) => new AuthEventDto(event)),
    };
  }
}

function pageNumber(asked: unknown = '1'): number {
  if (typeof asked !== 'string' || !/^[1-9]\d{0,8}$/.test(asked)) throw new InvalidPage();
  return Number(asked);
}
