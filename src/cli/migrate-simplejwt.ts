import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { IsNull } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { Account } from '../account/account.entity';
import { Clock } from '../clock/clock';
import { command } from './command';
import { connectDatabase, databaseOptions } from '../database/data-source';
import { CannotStart } from '../error/cannot-start';
import { PhoneNumber } from '../phone/phone-number';
import { isForeignId } from '../token/simplejwt-tokens';
import { isDuplicate } from '../transaction/database-fault';
import { TransactionRunner } from '../transaction/transaction-runner';

const usage = 'Usage: npm run migrate:simplejwt -- users.csv, with a line user_id,phone_number for each user.';

/**
 * `npm run migrate:simplejwt -- users.csv`: an account for each user of the stack that is left behind, so that with
 * SIMPLEJWT_SECRET their refresh tokens can be exchanged. May be run again: what is there stays.
 */
command(async (settings) => {
  const [file] = process.argv.slice(2);
  if (file === undefined) throw new CannotStart(usage);
  const dataSource = await connectDatabase({ ...(await databaseOptions(settings)), migrationsRun: false });
  const transactions = new TransactionRunner(dataSource);
  const clock = new Clock();
  const counts = { made: 0, known: 0, refused: 0 };
  let line = 0;
  for await (const text of createInterface({ input: createReadStream(file) })) {
    line += 1;
    // Trimming takes a byte order mark as well.
    if (text.trim() === '' || (line === 1 && /^"?user_id\b/.test(text.trim()))) continue;
    const [userId = '', number = ''] = text.split(',').map((cell) => cell.trim().replace(/^"(.*)"$/, '$1'));
    const phoneNumber = PhoneNumber.read(number, { defaultRegion: settings.phoneDefaultRegion });
    if (!isForeignId(userId) || phoneNumber === undefined) {
      counts.refused += 1;
      process.stderr.write(`line ${line}: no user_id, or no valid phone number; left out\n`);
      continue;
    }
    const now = clock.now();
    const account = { id: uuidv7(), displayName: '', locale: '', createdAt: now, lastLoginAt: now };
    const done = await transactions.run(async ({ manager }): Promise<keyof typeof counts> => {
      try {
        await manager.insert(Account, { ...account, phoneNumber: phoneNumber.e164, importedUserId: userId });
        return 'made';
      } catch (error) {
        if (!isDuplicate(error)) throw error;
      }
      const known = { phoneNumber: phoneNumber.e164 };
      if (await manager.existsBy(Account, { ...known, importedUserId: userId })) return 'known';
      // Not one that another account has: which of two users a token means must not depend on the order of lines.
      if (await manager.existsBy(Account, { importedUserId: userId })) return 'refused';
      const { affected } = await manager.update(
        Account,
        { ...known, importedUserId: IsNull() },
        { importedUserId: userId },
      );
      return affected === 1 ? 'known' : 'refused';
    });
    counts[done] += 1;
    if (done === 'refused')
      process.stderr.write(`line ${line}: the user_id or the number has another account; left out\n`);
    if (line % 10_000 === 0) process.stdout.write(`${line} lines\n`);
  }
  await dataSource.destroy();
  process.stdout.write(`${counts.made} accounts made, ${counts.known} known, ${counts.refused} lines left out.\n`);
});
