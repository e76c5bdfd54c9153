/**
 * The rooms and who may enter which: data flows controller -> account -> otp or session -> sms or token, and nothing climbs back.
 * dispatch sends the texts: it stands above otp and sms, beside account.
 * @type {import('dependency-cruiser').IConfiguration}
 */
const ground = ['client', 'clock', 'error', 'field', 'key', 'log', 'phone', 'redis', 'transaction', 'variable'];

/** What each feature may import beside the ground and itself. */
const features = {
  challenge: [],
  sms: [],
  otp: ['limit', 'sms'],
  dispatch: ['otp', 'sms'],
  event: [],
  token: [],
  session: ['token', 'event'],
  account: ['challenge', 'limit', 'otp', 'session', 'token', 'event'],
  throttle: [],
  health: [],
  limit: ['sms'],
};

/** Ground rooms import nothing of ours but these. */
const groundMayUse = {
  client: ['variable'],
  field: ['error', 'phone'],
  key: ['error', 'variable'],
  log: ['variable'],
  phone: ['variable'],
  redis: ['log', 'variable'],
  transaction: ['clock', 'error', 'log'],
};

const rooms = (names) => `^src/(${names.join('|')})/`;

const border = (room, allowed) => ({
  name: `room-${room}`,
  comment: `src/${room} may import ${allowed.join(', ') || 'nothing'} of ours: see Rooms in CONTRIBUTING.md`,
  severity: 'error',
  from: { path: `^src/${room}/` },
  to: { path: '^src/', pathNot: rooms([room, ...allowed]) },
});

module.exports = {
  forbidden: [
    { name: 'no-circles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'commands-stand-above', severity: 'error', from: { pathNot: '^src/cli/' }, to: { path: '^src/cli/' } },
    { name: 'no-test-in-source', severity: 'error', from: { path: '^src/' }, to: { path: '^test/' } },
    {
      name: 'no-unlisted-package',
      severity: 'error',
      from: { path: '^src/', pathNot: '\\.spec\\.ts$' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only'] },
    },
    ...ground.map((room) => border(room, groundMayUse[room] ?? [])),
    ...Object.entries(features).map(([room, others]) => border(room, [...ground, ...others])),
    border('database', [...ground, 'account', 'challenge', 'event', 'limit', 'otp', 'session', 'sms']),
    border('http', [...ground, 'throttle', 'session']),
    border('settings', [...ground, ...Object.keys(features), 'database', 'http']),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
  },
};
