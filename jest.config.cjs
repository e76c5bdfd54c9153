/** @type {import('jest').Config} */
module.exports = {
  testEnvironment: 'node',
  roots: ['<rootDir>/src', '<rootDir>/test'],
  testMatch: ['**/*.spec.ts', '**/*.e2e-spec.ts'],
  globalSetup: '<rootDir>/test/support/global-setup.ts',
  globalTeardown: '<rootDir>/test/support/global-teardown.ts',
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2022',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true },
          keepClassNames: true,
        },
        module: { type: 'commonjs' },
      },
    ],
    // Nest 12 is published as ES modules, which Jest cannot require.
    '^.+\\.m?js$': '<rootDir>/test/support/es-module-transformer.cjs',
  },
  transformIgnorePatterns: [],
  reporters: ['default', '<rootDir>/test/support/tally-reporter.cjs'],
  testTimeout: 30_000,
  slowTestThreshold: 20,
};
