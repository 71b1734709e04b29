import type { ApplyOptions } from '@celeriac/client';
import { coerceError } from '@celeriac/primitives';
import type { TaskHolder } from '@celeriac/task-registry';
import { Type } from '@sinclair/typebox';
import type { FastifyInstance, FastifyRequest } from 'fastify';

import { refuseCrossSite } from '../cross-site.ts';
import { GeneratedRounds } from '../generated-rounds.ts';
import { problemResponses, textResponse } from '../openapi.ts';
import { ProblemError, problemOfFields } from '../problem.ts';
import { publishCall } from '../publish.ts';
import type { TaskClient } from '../task-client.ts';

export interface CreateTasksOptions {
  readonly client: TaskClient;
  /** One task of each is called per round. Each of their tasks takes the calculator's payload. */
  readonly holders: readonly TaskHolder[];
  /** Largest count of one request, and of all requests under way together. */
  readonly maxCount: number;
  /** Most publishes of one request that wait for their confirm at a time. */
  readonly maxUnconfirmed: number;
  /** Source of chance, in [0, 1). */
  readonly random: () => number;
}

/** Operands are integers from 0 to this. */
const largestOperand = 100;

/** `GET /create_tasks/:count`: the load generator of the calculator, as the original Flask producer has it. */
export function createTasksRoute(app: FastifyInstance, options: CreateTasksOptions): void {
  const rounds = new RandomRounds(options.holders, options.random);
  const { maxCount: maxRounds, maxUnconfirmed } = options;
  const underWay = new GeneratedRounds({ maxRounds, maxUnconfirmed });
  app.get<{ Params: { count: string } }>(
    '/create_tasks/:count',
    {
      // a HEAD request must not publish anything
      exposeHeadRoute: false,
      onRequest: refuseCrossSite,
      schema: {
        summary: 'Publish random calls',
        description:
          'Publishes, count times, one random call of each operation with the same random operands; answers once the broker has confirmed every one of them. Their results are not kept. It stops when the client leaves.',
        operationId: 'createTasks',
        tags: ['tasks'],
        params: Type.Object({
          count: Type.Integer({
            minimum: 0,
            maximum: options.maxCount,
            examples: [10],
            description: 'How many rounds.',
          }),
        }),
        response: {
          200: textResponse('Every call was confirmed.', 'Done 10'),
          ...problemResponses(
            'invalid-parameter',
            'cross-site-request',
            'too-many-tasks',
            'unroutable',
            'broker-unavailable',
            'publish-refused',
            'publish-unconfirmed',
            'publish-queue-full',
          ),
        },
      },
    },
    async (request, reply) => {
      const count = readCount(request.params.count, options.maxCount);
      const share = underWay.take(count, count * options.holders.length);
      try {
        await publishRounds(options.client, rounds.calls(count), share.lanes, request);
      } finally {
        share.release();
      }
      return reply
        .type('text/plain; charset=utf-8')
        .header('cache-control', 'no-store')
        .send(`Done ${count}`);
    },
  );
}

function readCount(text: string, maxCount: number): number {
  const count = /^\d+$/.test(text) ? Number(text) : NaN;
  if (count <= maxCount) return count;
  throw problemOfFields('invalid-parameter', [
    {
      field: 'count',
      message: `must be an integer from 0 to ${maxCount}, got ${JSON.stringify(text.slice(0, 40))}`,
    },
  ]);
}

/**
 * Publishes all calls, never more than `lanes` at a time.
 *
 * Each lane publishes one call after another. After the first failure, and when the client has left, no call is started any
 * more; the answer waits for those in flight, so that its number of confirmed calls is right.
 */
async function publishRounds(
  client: TaskClient,
  calls: Generator<RandomCall>,
  lanes: number,
  { raw: { socket } }: FastifyRequest,
): Promise<void> {
  let confirmed = 0;
  let failure: Error | undefined;
  const lane = async (): Promise<void> => {
    for (const { name, args, applyOptions } of calls) {
      if (socket.destroyed) return; // which ends the iterator for every lane
      try {
        await publishCall(client, name, args, noKwargs, applyOptions, unkept);
        confirmed++;
      } catch (caught) {
        failure ??= coerceError(caught);
        return;
      }
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  if (failure === undefined) return;
  throw failure instanceof ProblemError ? failure.with({ published: confirmed }) : failure;
}

/** Nobody learns the ids of these calls, so nobody can ask for their results. */
const unkept = { keepResult: false };

const noKwargs: Readonly<Record<string, unknown>> = {};

interface RandomCall {
  readonly name: string;
  readonly args: readonly unknown[];
  readonly applyOptions: ApplyOptions;
}

/** Chooses what to call: in each round one task of every holder, all with the same operands. */
class RandomRounds {
  readonly #choices: readonly (readonly Omit<RandomCall, 'args'>[])[];
  readonly #random: () => number;

  constructor(holders: readonly TaskHolder[], random: () => number) {
    this.#choices = holders.map((holder) =>
      Object.values(holder.tasks).map(({ name, queue }) => ({ name, applyOptions: { queue } })),
    );
    this.#random = random;
  }

  /** One iterator that all lanes share. */
  *calls(count: number): Generator<RandomCall> {
    for (let round = 0; round < count; round++) {
      const args = [
        { num_1: this.#integerBelow(largestOperand + 1), num_2: this.#integerBelow(largestOperand + 1) },
      ];
      for (const choices of this.#choices) {
        const choice = choices[this.#integerBelow(choices.length)];
        if (choice !== undefined) yield { name: choice.name, args, applyOptions: choice.applyOptions };
      }
    }
  }

  #integerBelow(limit: number): number {
    return Math.floor(this.#random() * limit);
  }
}
