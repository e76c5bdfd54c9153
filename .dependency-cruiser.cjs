/**
 * The rooms and who may enter which: data flows controller -> account -> otp or token -> sms and nothing climbs back.
 * @type {import('dependency-cruiser').IConfiguration}
 */
const ground = ['config', 'clock', 'error', 'key', 'log', 'redis', 'transaction', 'phone'];

/** What each feature may import beside the ground and itself. */
const features = {
  sms: [],
  otp: ['sms'],
  token: [],
  account: ['otp', 'token'],
  throttle: [],
  health: [],
};

/** Ground rooms import nothing of ours but these. */
const groundMayUse = { config: ['error'], log: ['config'], redis: ['config', 'log'], transaction: ['error'] };

const rooms = (names) => `^src/(${names.join('|')})/`;

const border = (room, allowed) => ({
  name: `room-${room}`,
  comment: `src/${room} may import ${allowed.join(', ') || 'nothing'} of ours: see DESIGN in CONTRIBUTING.md`,
  severity: 'error',
  from: { path: `^src/${room}/` },
  to: { path: '^src/', pathNot: rooms([room, ...allowed]) },
});

module.exports = {
  forbidden: [
    { name: 'no-circles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'no-test-in-source', severity: 'error', from: { path: '^src/' }, to: { path: '^test/' } },
    {
      name: 'no-unlisted-package',
      severity: 'error',
      from: { path: '^src/', pathNot: '\\.spec\\.ts$' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only'] },
    },
    ...ground.map((room) => border(room, groundMayUse[room] ?? [])),
    ...Object.entries(features).map(([room, others]) => border(room, [...ground, ...others])),
    border('database', [...ground, 'account', 'otp', 'token', 'sms']),
    border('http', [...ground, 'throttle']),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
  },
};
