import {
  applyDecorators,
  Controller,
  createParamDecorator,
  Get,
  HttpCode,
  HttpStatus,
  Param,
  Post,
  type ExecutionContext,
} from '@nestjs/common';
import { ApiBody, ApiParam, ApiQuery, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { receiptPrefix } from '../client/request-path';
import { MalformedBody, NotFound, ReceiptNotAuthentic, ServiceUnavailable } from '../error/refusal';
import { Refuses } from '../error/refuses';
import { ReceiptTakenDto } from './dto/receipt-taken.dto';
import { smsTransportNames, type SmsTransportName } from './sms-provider-settings';
import type { ReceiptRequest } from './sms-receipt';
import { SmsReceipts } from './sms-receipts';

/** A provider's call, whatever it looks like: only the provider's own transport can read it. */
const ProviderCall = createParamDecorator((_data: unknown, context: ExecutionContext): ReceiptRequest => {
  const { url, query: given, headers, body } = context.switchToHttp().getRequest<FastifyRequest>();
  const query = given as ReceiptRequest['query'];
  const received = body as Pick<ReceiptRequest, 'bytes' | 'mediaType' | 'fields'> | undefined;
  if (!received?.bytes.length) return { url, query, headers, bytes: Buffer.alloc(0), fields: async () => query };
  const { bytes, mediaType } = received;
  return { url, query, headers, bytes, mediaType, fields: () => received.fields() };
});

/** What both forms of the route answer. */
const ReceiptReplies = () =>
  applyDecorators(
    ApiParam({ name: 'transport', enum: smsTransportNames }),
    ApiQuery({
      name: 'token',
      required: false,
      schema: { type: 'string' },
      description: '`SMS_RECEIPT_TOKEN`, for providers that do not sign.',
    }),
    Refuses(
      ReceiptNotAuthentic,
      {
        refusal: new MalformedBody('id and status are required.'),
        when: 'The call is the provider’s, but not as its documentation says.',
      },
      {
        refusal: NotFound,
        when: 'The transport is not in use or has no receipts, or there is no such text.',
      },
      ServiceUnavailable,
    ),
  );

@ApiTags('sms')
@Controller(receiptPrefix)
export class ReceiptController {
  constructor(private readonly receipts: SmsReceipts) {}

  /** What a provider tells of a text it took, in its own form and with its own proof. */
  @Post(':transport/')
  @HttpCode(HttpStatus.OK)
  @ReceiptReplies()
  @ApiBody({ schema: { type: 'object', description: 'As the provider sends it.' } })
  takeReceipt(
    @Param('transport') transport: SmsTransportName,
    @ProviderCall() call: ReceiptRequest,
  ): Promise<ReceiptTakenDto> {
    return this.receipts.take(transport, call);
  }

  /** The same, from providers that put all of it into the query. */
  @Get(':transport/')
  @ReceiptReplies()
  takeReceiptInQuery(
    @Param('transport') transport: SmsTransportName,
    @ProviderCall() call: ReceiptRequest,
  ): Promise<ReceiptTakenDto> {
    return this.receipts.take(transport, call);
  }
}
