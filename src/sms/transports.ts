import { Injectable } from '@nestjs/common';
import { Clock } from '../clock/clock';
import { Log } from '../log/log';
import { ReceiptDoor } from './receipt-door';
import type { ProviderSettings, SmsTransportName } from './sms-provider-settings';
import { SmsSettings } from './sms-settings';
import type { SmsTransport } from './sms-transport';
import { AfricasTalkingTransport } from './transport/africastalking.transport';
import { BeemTransport } from './transport/beem.transport';
import { ConsoleTransport } from './transport/console.transport';
import { FileTransport } from './transport/file.transport';
import { InfobipTransport } from './transport/infobip.transport';
import { KannelTransport } from './transport/kannel.transport';
import { SmppTransport } from './transport/smpp.transport';
import { SnsTransport } from './transport/sns.transport';
import { TwilioTransport } from './transport/twilio.transport';
import { VonageTransport } from './transport/vonage.transport';
import { WebhookTransport } from './transport/webhook.transport';

interface Parts {
  sms: SmsSettings;
  /** Complete for each transport in a route: the settings were refused otherwise. */
  providers: ProviderSettings;
  door: ReceiptDoor;
  clock: Clock;
  log: Log;
}

const make: Readonly<Record<SmsTransportName, (parts: Parts) => SmsTransport>> = {
  console: () => new ConsoleTransport(),
  file: ({ sms, clock }) => new FileTransport(sms.file, clock),
  africastalking: ({ providers, door }) => new AfricasTalkingTransport(providers.africastalking, door),
  beem: ({ providers, door }) => new BeemTransport(providers.beem, door),
  twilio: ({ providers, door }) => new TwilioTransport(providers.twilio, door),
  vonage: ({ providers, door, clock }) => new VonageTransport(providers.vonage, door, clock),
  infobip: ({ providers, door }) => new InfobipTransport(providers.infobip, door),
  sns: ({ providers, clock }) => new SnsTransport(providers.sns, clock),
  smpp: ({ providers, log }) => new SmppTransport(providers.smpp, log),
  kannel: ({ providers, door }) => new KannelTransport(providers.kannel, door),
  webhook: ({ providers, clock }) => new WebhookTransport(providers.webhook, clock),
};

/** The transports that stand in a route. */
export function transportsOf(sms: SmsSettings, clock: Clock, log: Log): SmsTransport[] {
  const names = new Set([...sms.routes.values()].flat());
  const parts = { sms, providers: sms.providers as ProviderSettings, door: new ReceiptDoor(sms), clock, log };
  return [...names].map((name) => make[name](parts));
}

/** The transports that are in use. */
@Injectable()
export class SmsTransports {
  readonly all: readonly SmsTransport[];

  constructor(settings: SmsSettings, clock: Clock, log: Log) {
    this.all = transportsOf(settings, clock, log);
  }
}
