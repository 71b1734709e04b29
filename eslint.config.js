const js = require('@eslint/js');
const nx = require('@nx/eslint-plugin');
const prettier = require('eslint-config-prettier');
const regexp = require('eslint-plugin-regexp');
const tseslint = require('typescript-eslint');

/** Which layers a layer may import from; every arrow that is not here is an error. */
const arrows = {
  primitives: [],
  protocol: ['primitives'],
  'task-registry': ['primitives', 'protocol'],
  'amqp-transport': ['primitives'],
  'result-backend': ['primitives', 'protocol', 'amqp-transport'],
  worker: ['primitives', 'protocol', 'task-registry', 'amqp-transport', 'result-backend'],
  client: ['primitives', 'protocol', 'task-registry', 'amqp-transport', 'result-backend'],
  'app-shell': ['primitives', 'protocol', 'task-registry', 'amqp-transport', 'worker', 'client'],
  'command-line': [
    'primitives',
    'protocol',
    'task-registry',
    'amqp-transport',
    'worker',
    'client',
    'app-shell',
    'result-backend',
  ],
  calculator: ['protocol', 'task-registry'],
  testing: ['primitives'],
  'in-memory-transport': ['primitives', 'amqp-transport'],
  tool: [
    'primitives',
    'protocol',
    'task-registry',
    'amqp-transport',
    'worker',
    'client',
    'calculator',
    // the worker that tools/scaling measures is put together like an app
    'app-shell',
    'tool',
  ],
  conformance: [
    'primitives',
    'protocol',
    'task-registry',
    'amqp-transport',
    'worker',
    'client',
    'calculator',
    'tool',
    // two of its programs are put together like apps
    'app-shell',
  ],
  app: ['primitives', 'protocol', 'task-registry', 'calculator', 'client', 'app-shell'],
};

const apps = ['addition', 'subtraction', 'multiplication', 'division', 'producer'].map((name) => ({
  name: `@celeriac/${name}`,
  message: 'Nothing imports an app.',
}));

/** A package that one library wraps for all the others. */
const wrapped = [
  { name: 'amqplib', message: 'Use @celeriac/amqp-transport, the only importer of amqplib.' },
  { name: 'pino', message: 'Take a Logger from @celeriac/primitives; only @celeriac/app-shell knows pino.' },
];

module.exports = tseslint.config(
  { ignores: ['**/dist', '**/out-tsc', '**/test-output', '**/node_modules', '.nx', '**/.venv'] },
  js.configs.recommended,
  {
    // on a text made for it, such an expression takes quadratic time or worse
    plugins: { regexp },
    rules: { 'regexp/no-super-linear-backtracking': 'error' },
  },
  {
    // the tools look for things in long texts, of their own programs alone
    files: ['libs/**/*.ts', 'apps/**/*.ts'],
    rules: { 'regexp/no-super-linear-move': 'error' },
  },
  {
    files: ['**/*.ts'],
    extends: [...tseslint.configs.strictTypeChecked, ...tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: __dirname } },
    plugins: { '@nx': nx },
    rules: {
      '@nx/enforce-module-boundaries': [
        'error',
        {
          enforceBuildableLibDependency: true,
          allow: [],
          depConstraints: Object.entries(arrows).map(([layer, targets]) => ({
            sourceTag: `layer:${layer}`,
            onlyDependOnLibsWithTags: targets.map((target) => `layer:${target}`),
          })),
        },
      ],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      'no-restricted-imports': ['error', { paths: [...apps, ...wrapped] }],
      'no-console': 'error',
    },
  },
  {
    // the wrappers themselves, and the raw loop that the benchmark compares with
    files: ['libs/amqp-transport/**/*.ts', 'libs/app-shell/**/*.ts', 'tools/**/*.ts', 'conformance/**/*.ts'],
    rules: { 'no-restricted-imports': ['error', { paths: apps }] },
  },
  {
    files: ['libs/**/*.ts', 'apps/**/*.ts'],
    ignores: ['libs/app-shell/**', '**/*.spec.ts'],
    rules: {
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'env', message: 'Only @celeriac/app-shell reads the environment.' },
        { object: 'process', property: 'exit', message: 'A library never ends the process.' },
      ],
    },
  },
  {
    // specs, and what is there for them alone, may import what the library may not
    files: ['**/*.spec.ts', '**/src/testing/**/*.ts'],
    rules: { '@nx/enforce-module-boundaries': 'off' },
  },
  {
    files: ['**/*.js', '**/*.cjs'],
    languageOptions: {
      sourceType: 'commonjs',
      globals: { module: 'writable', require: 'readonly', __dirname: 'readonly', process: 'readonly' },
    },
  },
  {
    files: ['**/*.mjs'],
    languageOptions: { globals: { process: 'readonly', console: 'readonly' } },
  },
  prettier,
);
