import { execFile } from 'node:child_process';
import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { scratchFolder } from './support/environment';
import { documentFile } from './support/openapi-document';
import { ServiceProcess } from './support/service-process';

const root = join(__dirname, '..');
const installed = join(root, 'node_modules');
const run = promisify(execFile);
const phone = '+255679190720';

/** What someone writes whose types come from the document alone. */
const client = `
import createClient from 'openapi-fetch';
import type { components, paths } from './schema.js';

type SignIn = components['schemas']['SignInDto'];

const clientOf = (baseUrl: string) => createClient<paths>({ baseUrl });

export async function request(baseUrl: string, phone_number: string): Promise<number> {
  const { data, error } = await clientOf(baseUrl).POST('/api/account/request-otp/', { body: { phone_number } });
  if (data === undefined) throw new Error(JSON.stringify(error));
  return data.resend_in;
}

export async function verify(baseUrl: string, phone_number: string, otp: string) {
  const client = clientOf(baseUrl);
  const { data } = await client.POST('/api/account/verify-otp-and-generate-token/', { body: { phone_number, otp } });
  if (data === undefined) throw new Error('not signed in');
  const { access, refresh, new_member }: SignIn = data;
  const headers = { Authorization: \`Bearer \${access}\` };
  const me = await client.GET('/api/account/me/', { headers });
  const sessions = await client.GET('/api/account/sessions/', { headers });
  const [session] = sessions.data ?? [];
  if (session === undefined) throw new Error('no session');
  const path = { id: session.id };
  const closed = await client.DELETE('/api/account/sessions/{id}/', { headers, params: { path } });
  const renewed = await client.POST('/api/account/token/refresh/', { body: { refresh } });
  return [new_member, me.data?.phone_number, closed.response.status, renewed.response.status];
}

/** What the types do not let pass. */
export async function mistaken(baseUrl: string): Promise<void> {
  const client = clientOf(baseUrl);
  // @ts-expect-error: a field that is misspelt
  await client.POST('/api/account/request-otp/', { body: { phone: '' } });
  // @ts-expect-error: a field is missing
  await client.POST('/api/account/token/refresh/', { body: {} });
  // @ts-expect-error: a path without its slash
  await client.POST('/api/account/request-otp', { body: { phone_number: '' } });
  // @ts-expect-error: a method that the route does not have
  await client.PUT('/api/account/me/', {});
  const { data } = await client.GET('/health/live/', {});
  // @ts-expect-error: what the reply does not hold
  data?.version;
}
`;

/** Calls one of its functions. */
const caller = `
import * as client from './client.js';
const [name, ...args] = process.argv.slice(2);
console.log(JSON.stringify(await client[name](...args)));
`;

const settings = {
  compilerOptions: {
    ...{ target: 'es2023', lib: ['es2023', 'dom', 'dom.iterable'], module: 'nodenext', types: [] },
    ...{ strict: true, noUncheckedIndexedAccess: true, exactOptionalPropertyTypes: true, noUnusedLocals: true },
    ...{ noPropertyAccessFromIndexSignature: true, verbatimModuleSyntax: true, skipLibCheck: false },
  },
  include: ['*.ts'],
};

describe('a client with types from the OpenAPI document', () => {
  const folder = scratchFolder();
  let service: ServiceProcess;
  beforeAll(async () => void (service = await ServiceProcess.start()));
  afterAll(() => service.stop());

  const call = async (...args: string[]): Promise<unknown> => {
    const { stdout } = await run(process.execPath, [join(folder, 'call.js'), ...args]);
    return JSON.parse(stdout);
  };

  it('compiles under strict rules, and signs in', async () => {
    symlinkSync(installed, join(folder, 'node_modules'), 'junction');
    const files = {
      'package.json': '{"type":"module"}',
      'tsconfig.json': JSON.stringify(settings),
      'client.ts': client,
    };
    Object.entries({ ...files, 'call.js': caller }).forEach(([name, text]) => writeFileSync(join(folder, name), text));
    const generator = join(installed, 'openapi-typescript/bin/cli.js');
    await run(process.execPath, [generator, documentFile, '-o', join(folder, 'schema.d.ts')]);
    const compiler = join(installed, 'typescript/bin/tsc');
    const { stdout } = await run(process.execPath, [compiler, '-p', folder]).catch(
      (error: { stdout: string }) => error,
    );
    expect(stdout).toBe('');

    expect(await call('request', service.url, phone)).toBe(60);
    const code = await service.codeFor(phone);
    expect(await call('verify', service.url, phone, code)).toEqual([true, phone, 204, 401]);
  }, 120_000);
});
