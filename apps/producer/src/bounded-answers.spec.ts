import type { InjectOptions } from 'fastify';

import { maxErrors, problemDocument, problemOfFields } from './problem.ts';
import { createTestProducer } from './testing/producer.ts';

/** Members with names of their own, about as many as a body of 1 MB has room for. */
const members = (count: number): string =>
  Array.from({ length: count }, (_, at) => `"${at.toString(36)}":1`).join(',');

const long = 'k'.repeat(979_000);

describe('the answer to a refused request', () => {
  const { client, server } = createTestProducer();

  const post = (payload: string, name = 'add', headers = {}): InjectOptions => ({
    method: 'POST',
    url: `/tasks/${name}`,
    headers: { 'content-type': 'application/json', ...headers },
    payload,
  });

  it.each<[string, number, InjectOptions]>([
    ['49,000 unknown options', 422, post(`{"options": {${members(49_000)}}}`)],
    ['49,000 unknown members', 422, post(`{${members(49_000)}}`)],
    ['49,000 unknown keyword arguments', 422, post(`{"kwargs": {${members(49_000)}}}`)],
    ['a header table of 440 kB', 422, post(`{"options": {"headers": {${members(49_000)}}}}`)],
    [
      'headers that AMQP lacks',
      422,
      post(`{"options": {"headers": {"x": [${'36893488147419103232,'.repeat(1000)}1]}}}`),
    ],
    ['99,000 arguments', 422, post(`{"args": [${'1,'.repeat(99_000)}1]}`)],
    ['400,000 arguments', 413, post(`{"args": [${'1,'.repeat(400_000)}1]}`)],
    ['a keyword of 979 kB', 422, post(`{"kwargs": {"${long}": 1}}`)],
    ['an option of 979 kB', 422, post(`{"options": {"${long}": 1}}`)],
    ['a member of 979 kB', 422, post(`{"${long}": 1}`)],
    [
      'keywords of control characters',
      422,
      post(
        `{"kwargs": {${Array.from({ length: 30 }, (_, at) => `"${at}${'\\u0001'.repeat(5000)}": 1`).join(',')}}}`,
      ),
    ],
    [
      'members of control characters',
      422,
      post(`{${Array.from({ length: 30 }, (_, at) => `"${at}${'\\u0001'.repeat(5000)}": 1`).join(',')}}`),
    ],
    ['a value of 979 kB', 422, post(`{"args": ["${long}"]}`)],
    ['an option value of 979 kB', 422, post(`{"options": {"eta": "${long}"}}`)],
    [
      'a header of 200 levels and a wide name',
      422,
      post(
        `{"options": {"headers": {"x": ${'{"levels":'.repeat(200)}36893488147419103232${'}'.repeat(200)}}}}`,
      ),
    ],
    ['979 kB that are not JSON', 400, post(`[${'x'.repeat(979_000)}`)],
    ['an envelope of 979 kB', 400, post(`{"__type__": "decimal", "__value__": "${long}"}`)],
    ['a task of 1000 characters', 404, post('{}', '%01'.repeat(341))],
    ['an address of 15 kB', 404, { url: `/nope/${'%22'.repeat(5000)}` }],
    ['an address of 15 kB that is not one', 400, { url: `/tasks/%zz${'"'.repeat(15_000)}` }],
    ['a content encoding of 15 kB', 415, post('{}', 'add', { 'content-encoding': '"'.repeat(15_000) })],
    ['a query of 15 kB', 400, { url: `/create_tasks/${'9'.repeat(1000)}?${'a=b&'.repeat(3000)}` }],
  ])('is short for %s', async (_what, status, request) => {
    const response = await server.inject(request);

    expect([response.statusCode, response.body.length < 13_000]).toEqual([status, true]);
    expect(response.json()).toMatchObject({ status });
    expect(client.sent).toEqual([]);
  });

  it('says that there are more errors than it lists', async () => {
    const { errors, detail } = (await server.inject(post(`{"options": {${members(100)}}}`))).json<{
      errors: unknown[];
      detail: string;
    }>();
    expect(errors).toHaveLength(maxErrors);
    expect(detail).toContain('(and more, see the first of them in errors)');
  });

  it('lists all of a few errors, and counts them', () => {
    const error = { field: '/a', message: 'is wrong' };
    expect(problemOfFields('invalid-call', [error, error, error]).toDocument()).toMatchObject({
      detail: '/a is wrong (and 2 more, see errors).',
      errors: [error, error, error],
    });
  });

  it('has at least one error, however long that is', () => {
    const error = { field: '\u0001'.repeat(10_000), message: '\u0001'.repeat(10_000) };
    const { errors = [] } = problemDocument('invalid-call', 'x', { errors: [error, error, error, error] });
    expect(errors.length).toBeGreaterThan(0);
    expect(JSON.stringify(errors).length).toBeLessThan(9000);
  });
});

describe('every answer', () => {
  const { client, server } = createTestProducer({ allowedHosts: new Set(['localhost']) });

  it.each<[number, InjectOptions]>([
    [200, { url: '/tasks' }],
    [200, { url: '/health/live' }],
    [200, { url: '/openapi.json' }],
    [200, { url: '/docs' }],
    [200, { url: '/docs/static/index.css' }],
    [200, { url: '/docs/json' }],
    [200, { url: '/create_tasks/1' }],
    [202, { method: 'POST', url: '/tasks/anything' }],
    [200, { method: 'HEAD', url: '/tasks' }],
    [400, { url: '/create_tasks/x' }],
    [400, { url: '/tasks/%zz' }],
    [404, { url: '/nope' }],
    [404, { url: '/tasks/nope' }],
    [404, { url: '/docs/static/nope.js' }],
    [405, { method: 'DELETE', url: '/tasks/x' }],
    [414, { url: `/tasks/${'a'.repeat(1025)}` }],
    [421, { url: '/tasks', headers: { host: 'evil.example' } }],
    [
      422,
      { method: 'POST', url: '/tasks/add', headers: { 'content-type': 'application/json' }, payload: '{}' },
    ],
  ])('forbids a browser to guess its type: %i of %j', async (status, request) => {
    const response = await server.inject({ ...request, headers: { host: 'localhost', ...request.headers } });
    expect([response.statusCode, response.headers['x-content-type-options']]).toEqual([status, 'nosniff']);
  });

  it('forbids it when something went wrong here, too', async () => {
    client.broker = () => {
      throw new Error('a bug');
    };
    const headers = { host: 'localhost' };
    const response = await server.inject({ method: 'POST', url: '/tasks/anything', headers });
    expect([response.statusCode, response.headers['x-content-type-options']]).toEqual([500, 'nosniff']);
  });
});
