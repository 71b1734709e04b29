import fastifySwagger from '@fastify/swagger';
import fastifySwaggerUi from '@fastify/swagger-ui';
import { Type } from '@sinclair/typebox';
import type { TSchema } from '@sinclair/typebox';
import type { FastifyInstance } from 'fastify';

import { problemContentType, problemDocument, problemKinds, problemSchema } from './problem.ts';
import type { ProblemKind } from './problem.ts';

/** One response of a route, as OpenAPI describes it. */
export interface ResponseSchema {
  readonly description: string;
  readonly headers?: Readonly<Record<string, TSchema>>;
  readonly content: Readonly<Record<string, { readonly schema: TSchema }>>;
}

/** A JSON response and an example of it. */
export function jsonResponse(
  description: string,
  schema: TSchema,
  example: unknown,
  headers?: Readonly<Record<string, TSchema>>,
): ResponseSchema {
  const content = { 'application/json': { schema: { ...schema, examples: [example] } } };
  return headers === undefined ? { description, content } : { description, headers, content };
}

/** A response of plain text and an example of it. */
export function textResponse(description: string, example: string): ResponseSchema {
  return { description, content: { 'text/plain': { schema: Type.String({ examples: [example] }) } } };
}

/** The problem documents a route answers with, by status; kinds that share a status share a response. */
export function problemResponses(...kinds: readonly ProblemKind[]): Record<number, ResponseSchema> {
  const byStatus = new Map<number, ProblemKind[]>();
  for (const kind of kinds) {
    const { status } = problemKinds[kind];
    byStatus.set(status, [...(byStatus.get(status) ?? []), kind]);
  }
  return Object.fromEntries([...byStatus].map(([status, some]) => [status, problemResponse(status, some)]));
}

function problemResponse(status: number, kinds: readonly ProblemKind[]): ResponseSchema {
  const examples = kinds.map((kind) =>
    problemDocument(kind, 'What is wrong with this request, and what to do about it.'),
  );
  return {
    description: kinds.map((kind) => `\`${kind}\`: ${problemKinds[kind].title}.`).join(' '),
    ...(status === 503
      ? { headers: { 'retry-after': Type.Integer({ description: 'Seconds to wait.' }) } }
      : {}),
    content: { [problemContentType]: { schema: { ...problemSchema, examples } } },
  };
}

/** Serves the OpenAPI document at `/openapi.json` and a page to browse it at `/docs`. Register it before the routes. */
export async function openApi(app: FastifyInstance, version: string): Promise<void> {
  await app.register(fastifySwagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Celeriac producer',
        version,
        description: 'Calls Celery tasks over HTTP. Everything it refuses is a problem document of RFC 9457.',
        license: { name: 'MIT', identifier: 'MIT' },
      },
      tags: [
        { name: 'tasks', description: 'Calling tasks and asking for their results.' },
        { name: 'health', description: 'For whoever restarts the process or routes to it.' },
        { name: 'documents', description: 'This document.' },
      ],
    },
    convertConstToEnum: false,
  });
  await app.register(fastifySwaggerUi, {
    routePrefix: '/docs',
    staticCSP: true,
    transformStaticCSP: withoutUpgrade,
  });
}

/** The page is served over plain HTTP: a browser told to upgrade would ask for its parts over HTTPS, and show nothing. */
function withoutUpgrade(policy: string): string {
  const directives = policy.split(';').map((directive) => directive.trim());
  return directives.filter((directive) => directive !== 'upgrade-insecure-requests').join('; ');
}

/** `GET /openapi.json`. */
export function openApiRoute(app: FastifyInstance): void {
  let text: string | undefined;
  app.get(
    '/openapi.json',
    {
      schema: {
        summary: 'This document',
        description: 'The OpenAPI 3.1 document of this producer.',
        operationId: 'getOpenApi',
        tags: ['documents'],
        response: {
          200: jsonResponse('The document.', Type.Record(Type.String(), Type.Unknown()), {
            openapi: '3.1.0',
          }),
        },
      },
    },
    (_request, reply) => {
      text ??= JSON.stringify(app.swagger());
      return reply.type('application/json; charset=utf-8').send(text);
    },
  );
}
