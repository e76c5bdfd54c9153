const { basename } = require('node:path');

/**
 * Ends the output of the suite with what was left out and why, and with one line that a machine can read; at the exit, as
 * Jest's summary comes late.
 */
module.exports = class TallyReporter {
  onRunComplete(_contexts, { numPassedTests, numFailedTests, numRuntimeErrorTestSuites, testResults }) {
    const failed = numFailedTests + numRuntimeErrorTestSuites;
    const lines = [...leftOut(testResults), `${numPassedTests} passed, ${failed} failed`];
    process.once('exit', () => process.stdout.write(`${lines.join('\n')}\n`));
  }
};

/** A skipped test says why in its title, or in that of a group around it: `(skipped without Chromium)`. */
function leftOut(files) {
  const counts = new Map();
  for (const { testFilePath, testResults } of files) {
    for (const { fullName, status } of testResults) {
      if (status !== 'pending') continue;
      const reason = /\((skipped [^)]*)\)/.exec(fullName)?.[1] ?? `of ${basename(testFilePath)}, or not asked for`;
      counts.set(reason, (counts.get(reason) ?? 0) + 1);
    }
  }
  const lines = [...counts].map(([reason, count]) => `  ${count} ${count === 1 ? 'test' : 'tests'} ${reason}`);
  if (!process.env.TEST_MYSQL_URL) lines.push('  the same tests on MySQL or MariaDB: TEST_MYSQL_URL is not set');
  if (!process.env.TEST_REDIS_URL) lines.push('  tests on Redis: TEST_REDIS_URL is not set');
  return lines.length === 0 ? [] : ['Left out:', ...lines];
}
