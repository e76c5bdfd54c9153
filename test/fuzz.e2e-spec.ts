import { fuzzEnvironment } from './fuzz/environment';
import { Fuzzer } from './fuzz/fuzzer';
import { send } from './support/http-client';
import { ServiceProcess } from './support/service-process';

/** `npm run fuzz` sends 200,000. */
const requests = 3_000;
const seed = 1;

describe('a body that a route does not have', () => {
  let service: ServiceProcess;
  beforeAll(async () => void (service = await ServiceProcess.start()));
  afterAll(() => service.stop());

  it.each([
    ['DELETE', '/api/account/me/'],
    ['DELETE', '/api/account/sessions/'],
    ['GET', '/api/account/me/'],
  ])('is not read, however large it is: %s %s', async (method, path) => {
    const headers = { 'Content-Type': 'application/json' };
    const { status } = await send(service.url, { method, path, headers, body: ' '.repeat(20_000) });
    expect(status).toBe(401);
  });
});

describe('odd requests to all routes', () => {
  let service: ServiceProcess;
  beforeAll(async () => void (service = await ServiceProcess.start(fuzzEnvironment())));
  afterAll(() => service.signal('SIGKILL'));

  it('are all answered as the OpenAPI document says, none of them with a 5xx, and the service goes on', async () => {
    const { made, faults } = await new Fuzzer(service, { requests, seed, seconds: 240 }).run();
    expect(faults).toEqual([]);
    expect(made).toBe(requests);
    expect(service.output.filter((line) => line.includes('unexpected error'))).toEqual([]);
    expect(await service.stop()).toBe(0);
  }, 300_000);
});
