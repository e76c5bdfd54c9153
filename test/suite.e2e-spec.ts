import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { scratchFolder } from './support/environment';
import { makeRunFolder, removeRunFolder } from './support/run-folder';

describe('a run of the suite', () => {
  it('writes into one folder of its own', () => {
    expect(tmpdir()).toMatch(/hodi-tests-of-\d+$/);
    expect(scratchFolder().startsWith(tmpdir())).toBe(true);
  });

  it('removes that folder, and those of runs that are over, and no other', () => {
    const place = scratchFolder();
    const over = spawnSync(process.execPath, ['-e', '']).pid;
    for (const name of [`hodi-tests-of-${over}`, `hodi-tests-of-${process.ppid}`, 'of-others'])
      mkdirSync(join(place, name));
    const folder = makeRunFolder(place);
    const during = readdirSync(place).sort();
    removeRunFolder(folder);
    removeRunFolder(join(place, 'of-others'));
    const kept = [`hodi-tests-of-${process.ppid}`, 'of-others'];
    const after = readdirSync(place).sort();
    expect(during).toEqual([`hodi-tests-of-${process.pid}`, ...kept].sort());
    expect(after).toEqual(kept);
  });

  it('ends with what was left out, why, and the counts', () => {
    const test = (fullName: string, status: string) => ({ fullName, status });
    const results = {
      numPassedTests: 1,
      numFailedTests: 2,
      numRuntimeErrorTestSuites: 1,
      testResults: [
        {
          testFilePath: '/x/test/one.e2e-spec.ts',
          testResults: [
            test('Swagger UI (skipped without Chromium) opens', 'pending'),
            test('Swagger UI (skipped without Chromium) closes', 'pending'),
            test('counters', 'pending'),
            test('works', 'passed'),
          ],
        },
      ],
    };
    const reporter = JSON.stringify(join(__dirname, 'support/tally-reporter.cjs'));
    const script = `new (require(${reporter}))().onRunComplete(undefined, ${JSON.stringify(results)})`;
    const said = (env: NodeJS.ProcessEnv) => execFileSync(process.execPath, ['-e', script], { env }).toString();
    const always = 'Left out:\n  2 tests skipped without Chromium\n  1 test of one.e2e-spec.ts, or not asked for\n';
    const servers =
      '  the same tests on MySQL or MariaDB: TEST_MYSQL_URL is not set\n  tests on Redis: TEST_REDIS_URL is not set\n';
    expect(said({})).toBe(`${always}${servers}1 passed, 3 failed\n`);
    expect(said({ TEST_MYSQL_URL: 'a', TEST_REDIS_URL: 'b' })).toBe(`${always}1 passed, 3 failed\n`);
  });
});
