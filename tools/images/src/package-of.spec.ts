import { packageOf } from './package-of.ts';

describe('packageOf', () => {
  it.each([
    ['node_modules/amqplib/lib/codec.js', 'amqplib', 'node_modules/amqplib'],
    ['/srv/node_modules/@fastify/send/index.js', '@fastify/send', '/srv/node_modules/@fastify/send'],
    ['libs/a/node_modules/ajv/dist/ajv.js', 'ajv', 'libs/a/node_modules/ajv'],
    ['node_modules/a/node_modules/b/node_modules.js', 'b', 'node_modules/a/node_modules/b'],
    ['node_modules/fastify', 'fastify', 'node_modules/fastify'],
  ])('says of %s that it is of %s', (path, name, folder) => {
    expect(packageOf(path)).toEqual({ name, folder });
  });

  it('refuses a file of our own', () => {
    expect(() => packageOf('libs/worker/src/worker.ts')).toThrow(
      'libs/worker/src/worker.ts is not a file of',
    );
  });
});
