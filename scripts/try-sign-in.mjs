// Runs `npm start` as a new user does, signs a person in, and stops it with SIGTERM to npm: it must end, and free its port.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';

const folder = mkdtempSync(join(tmpdir(), 'hodi-try-'));
const env = { ...process.env, NODE_ENV: '', PORT: '0', DATA_DIR: folder, SMS_TRANSPORT: 'file' };
const npm = spawn('npm', ['start'], { env, stdio: ['ignore', 'pipe', 'inherit'] });
const ended = once(npm, 'exit');
const url = await new Promise((resolve) => {
  createInterface({ input: npm.stdout }).on('line', (line) => {
    const found = /Hodi listens on (\S+)/.exec(line)?.[1];
    if (found !== undefined) resolve(found);
  });
  void ended.then(() => resolve(undefined));
});
assert(url, 'the service does not listen');

const phone = '+255679190720';
const post = async (path, body) => {
  const headers = { 'Content-Type': 'application/json' };
  const reply = await fetch(`${url}/api/account/${path}/`, { method: 'POST', headers, body: JSON.stringify(body) });
  assert.equal(reply.status, 200);
  return reply.json();
};
async function text() {
  for (;;) {
    try {
      return JSON.parse(readFileSync(join(folder, 'sms.jsonl'), 'utf8')).text;
    } catch {
      await setTimeout(50);
    }
  }
}

await post('request-otp', { phone_number: phone });
const [otp] = /\d{6}/.exec(await text());
assert.equal((await post('verify-otp-and-generate-token', { phone_number: phone, otp })).new_member, true);
npm.kill('SIGTERM');
await ended;
while (
  await fetch(url).then(
    () => true,
    () => false,
  )
)
  await setTimeout(50);
rmSync(folder, { recursive: true });
process.stdout.write('A person signed in, and the port is free again.\n');
