import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { IsNull, type EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { Account } from '../account/account.entity';
import { Clock } from '../clock/clock';
import { connectDatabase, databaseOptions } from '../database/data-source';
import { CannotStart } from '../error/cannot-start';
import { PhoneNumber } from '../phone/phone-number';
import { isForeignId } from '../token/simplejwt-tokens';
import { isDuplicate } from '../transaction/database-fault';
import { TransactionRunner } from '../transaction/transaction-runner';
import { command } from './command';

const usage = 'Usage: npm run migrate:simplejwt -- users.csv, with a line user_id,phone_number for each user.';

type Outcome = 'made' | 'known' | 'refused';

/**
 * `npm run migrate:simplejwt -- users.csv`: an account for each user of the stack that is left behind, so that with
 * SIMPLEJWT_SECRET their refresh tokens can be exchanged. May be run again: what is there stays.
 */
command(async (settings) => {
  const [file] = process.argv.slice(2);
  if (file === undefined) throw new CannotStart(usage);
  const dataSource = await connectDatabase({ ...(await databaseOptions(settings.database)), migrationsRun: false });
  const transactions = new TransactionRunner(dataSource);
  const counts: Record<Outcome, number> = { made: 0, known: 0, refused: 0 };
  const refuse = (line: number, why: string) => {
    counts.refused += 1;
    process.stderr.write(`line ${line}: ${why}; left out\n`);
  };
  for await (const { line, userId, number } of usersIn(file)) {
    const phoneNumber = PhoneNumber.read(number, { defaultRegion: settings.phone.phoneDefaultRegion });
    if (!isForeignId(userId) || phoneNumber === undefined) {
      refuse(line, 'no user_id, or no valid phone number');
      continue;
    }
    const outcome = await transactions.run(({ manager }) => bringOver(manager, userId, phoneNumber.e164));
    if (outcome === 'refused') refuse(line, 'the user_id or the number has another account');
    else counts[outcome] += 1;
    if (line % 10_000 === 0) process.stdout.write(`${line} lines\n`);
  }
  await dataSource.destroy();
  process.stdout.write(`${counts.made} accounts made, ${counts.known} known, ${counts.refused} lines left out.\n`);
});

/** The users of a CSV file, which may have a heading; cells as they stand there, without quotes. */
async function* usersIn(file: string) {
  let line = 0;
  for await (const text of createInterface({ input: createReadStream(file) })) {
    line += 1;
    // Trimming takes a byte order mark as well.
    if (text.trim() === '' || (line === 1 && /^"?user_id\b/.test(text.trim()))) continue;
    const [userId = '', number = ''] = text.split(',').map((cell) => cell.trim().replace(/^"(.*)"$/, '$1'));
    yield { line, userId, number };
  }
}

/** @returns `refused` if the user or the number has another account already */
async function bringOver(manager: EntityManager, userId: string, phoneNumber: string): Promise<Outcome> {
  const now = new Clock().now();
  const account = { id: uuidv7(), displayName: '', locale: '', createdAt: now, lastLoginAt: now };
  const unused = { numberReleasedAt: null, knownClients: '{}' };
  try {
    await manager.insert(Account, { ...account, phoneNumber, importedUserId: userId, ...unused });
    return 'made';
  } catch (error) {
    if (!isDuplicate(error)) throw error;
  }
  if (await manager.existsBy(Account, { phoneNumber, importedUserId: userId })) return 'known';
  // Not one that another account has: which of two users a token means must not depend on the order of lines.
  if (await manager.existsBy(Account, { importedUserId: userId })) return 'refused';
  const { affected } = await manager.update(
    Account,
    { phoneNumber, importedUserId: IsNull() },
    { importedUserId: userId },
  );
  return affected === 1 ? 'known' : 'refused';
}
