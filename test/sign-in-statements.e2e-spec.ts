import { Account } from '../src/account/account.entity';
import { OtpService } from '../src/otp/otp.service';
import { Transaction } from '../src/transaction/transaction';
import { databases } from './support/databases';
import { postJson, verifyPath } from './support/http-client';
import { TestApp } from './support/test-app';

const phone = '+255679190720';
const elsewhere = '+255679190721';

describe.each(databases)('the statements of a sign-in on $name', (database) => {
  let test: TestApp;

  beforeAll(async () => {
    test = await TestApp.start(database);
  });
  beforeEach(() => test.reset());
  afterEach(() => jest.restoreAllMocks());
  afterAll(() => test.stop());

  const signIn = async () => {
    const otp = await test.obtainOtp(phone);
    test.clock.advance(60);
    return postJson(test.url, verifyPath, { phone_number: phone, otp });
  };
  /** Runs a statement after the account was read, and before it is entered. */
  const betweenReadAndEntry = (sql: string, values: string[]) => {
    const otps = test.app.get(OtpService);
    const consume = otps.consume.bind(otps);
    jest.spyOn(otps, 'consume').mockImplementationOnce(async (transaction, ...guess) => {
      await transaction.execute(sql, values);
      return consume(transaction, ...guess);
    });
  };
  const numbers = async () =>
    (await test.dataSource.getRepository(Account).find()).map(({ phoneNumber }) => phoneNumber).sort();

  it('are five beside BEGIN and COMMIT, for new and for known members', async () => {
    for (const newMember of [true, false]) {
      const otp = await test.obtainOtp(phone);
      test.clock.advance(60);
      const execute = jest.spyOn(Transaction.prototype, 'execute');
      const reply = await postJson(test.url, verifyPath, { phone_number: phone, otp });
      expect(JSON.parse(reply.text)).toMatchObject({ new_member: newMember });
      expect(execute).toHaveBeenCalledTimes(5);
      execute.mockRestore();
    }
  });

  it('do not enter an account that has moved to another number since it was read', async () => {
    await signIn();
    betweenReadAndEntry('UPDATE account SET phone_number = ? WHERE phone_number = ?', [elsewhere, phone]);
    expect(JSON.parse((await signIn()).text)).toMatchObject({ new_member: true });
    expect(await numbers()).toEqual([phone, elsewhere]);
  });

  it('do not enter an account that was deleted since it was read', async () => {
    await signIn();
    betweenReadAndEntry('DELETE FROM account WHERE phone_number = ?', [phone]);
    expect(JSON.parse((await signIn()).text)).toMatchObject({ new_member: true });
    expect(await numbers()).toEqual([phone]);
  });
});
