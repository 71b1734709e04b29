import { InvalidTaskError } from './protocol-error.ts';
import { isMapping, pythonTypeName } from './python-type-name.ts';
import type { TaskEmbed } from './signature.ts';
import { decodeEmbed } from './signature.ts';

/** Arguments of a task and what follows it. */
export interface TaskBody {
  readonly args: unknown[];
  readonly kwargs: Record<string, unknown>;
  readonly embed: TaskEmbed;
}

/** The three parts of a body before they are checked. */
export interface TaskParts {
  readonly args: unknown;
  readonly kwargs: unknown;
  readonly embed: unknown;
}

/*
 * body = [args, kwargs, embed]
 */

/**
 * The parts of a protocol 2 body.
 *
 * [TASK-V2-BODY] Source: Celery 5.7, celery/app/amqp.py `as_task_v2` writes it, celery/worker/request.py reads it;
 * vectors `worker-rpc: bad_body_not_triple`, where a Python worker exits.
 *
 * @throws InvalidTaskError when the body is no array of three
 */
export function partsOfV2(body: unknown): TaskParts {
  if (!Array.isArray(body)) {
    throw new InvalidTaskError(
      'body-not-a-triple',
      `the body of a task must be [args, kwargs, embed], got ${pythonTypeName(body)}`,
    );
  }
  if (body.length !== 3) {
    throw new InvalidTaskError(
      'body-not-a-triple',
      `the body of a task must be [args, kwargs, embed], got ${body.length} items`,
    );
  }
  const [args, kwargs, embed] = body as readonly unknown[];
  return { args, kwargs, embed };
}

/**
 * Checks the parts of a body.
 *
 * @throws InvalidTaskError when a part is not what it must be; reportable when that is kwargs, as the sender of a call
 * by name can make that mistake and waits for an answer
 */
export function checkParts({ args, kwargs, embed }: TaskParts): TaskBody {
  if (!Array.isArray(args)) {
    throw new InvalidTaskError(
      'args-not-an-array',
      `args of a task must be an array, got ${pythonTypeName(args)}`,
    );
  }
  if (!isMapping(kwargs)) {
    throw new InvalidTaskError(
      'kwargs-not-a-mapping',
      `kwargs of a task must be a mapping, got ${pythonTypeName(kwargs)}`,
      {
        isReportable: true,
      },
    );
  }
  return { args: args as unknown[], kwargs, embed: decodeEmbed(embed) };
}
