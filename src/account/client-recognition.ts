import { Injectable } from '@nestjs/common';
import type { ClientInfo } from '../client/client-info';
import { Clock } from '../clock/clock';
import { DeviceTokens } from '../limit/device-tokens';
import {
  ClientNaming,
  dayOf,
  knownName,
  namesToForget,
  type ClientNames,
  type KnownClients,
} from '../limit/known-clients';
import type { Standing } from '../limit/number-limits';
import type { GuessingClient } from '../otp/lanes';
import { liveSession } from '../session/session.repository';
import type { Join } from '../transaction/join';
import type { Transaction } from '../transaction/transaction';

/** What an account knows of a client. */
export interface RecognisedClient extends GuessingClient {
  standing: Standing;
  names: ClientNames;
  known: KnownClients;
}

/** A row that `ClientRecognition.join` brings along; all null if the number has no account. */
export interface RecognitionRow {
  knownClients: string | null;
  /** The session of the device token, unless it is over. */
  deviceSessionId: string | null;
}

/** Tells whether an account has signed in from a device or a network before. */
@Injectable()
export class ClientRecognition {
  constructor(
    private readonly naming: ClientNaming,
    private readonly deviceTokens: DeviceTokens,
    private readonly clock: Clock,
  ) {}

  /** Needs the table `account` in the statement that it joins. */
  join({ deviceToken }: ClientInfo): Join {
    const device = liveSession('device', this.deviceIdOf(deviceToken) ?? '', this.clock.now());
    return {
      columns: 'account.known_clients AS knownClients, device.id AS deviceSessionId',
      from: device.from,
      values: device.values,
    };
  }

  /**
   * @param phoneNumber E.164
   * @param row what was read by `join`; undefined if the statement found nothing
   */
  of(phoneNumber: string, { address, deviceToken }: ClientInfo, row: RecognitionRow | undefined): RecognisedClient {
    const names = this.naming.namesOf(phoneNumber, address, this.deviceIdOf(deviceToken));
    const known = JSON.parse(row?.knownClients ?? '{}') as KnownClients;
    const today = dayOf(this.clock.now());
    const device = row?.deviceSessionId ? knownName(known, names.devices, today) : undefined;
    const isNetworkKnown = address !== '' && knownName(known, names.networks, today) !== undefined;
    const standing = device !== undefined ? 'device' : isNetworkKnown ? 'network' : 'unknown';
    return { networks: names.networks, device, isNetworkKnown, standing, names, known };
  }

  /** @returns what the account of a number knows of a client, whether there is such an account or not */
  async ofNumber(transaction: Transaction, phoneNumber: string, client: ClientInfo): Promise<RecognisedClient> {
    const { columns, from, values = [] } = this.join(client);
    const { rows } = await transaction.execute<RecognitionRow>(
      `SELECT ${columns} FROM account ${from} WHERE account.phone_number = ?`,
      [...values, phoneNumber],
    );
    return this.of(phoneNumber, client, rows[0]);
  }

  /**
   * How the account's list changes when the client signs in: its network and, by its new session, its device are added. The
   * device has a new token then; the one that it came with is spent.
   */
  changeBy(phoneNumber: string, { address }: ClientInfo, sessionId: string, client: RecognisedClient) {
    const { networks, devices } = this.naming.namesOf(phoneNumber, address, sessionId);
    const added = [...(address === '' ? [] : networks.slice(0, 1)), ...devices.slice(0, 1)];
    const spent = client.device === undefined ? [] : [client.device];
    const removed = [...spent, ...namesToForget(client.known, added, dayOf(this.clock.now()))];
    return { added, removed: [...new Set(removed)] };
  }

  private deviceIdOf(token: string | undefined): string | undefined {
    return token === undefined ? undefined : this.deviceTokens.read(token);
  }
}
