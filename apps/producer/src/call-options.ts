import type { ApplyOptions } from '@celeriac/client';
import { PythonFloat } from '@celeriac/protocol';

import { callOptionsSchema } from './call-options-schema.ts';
import { headerComplaints } from './custom-headers.ts';
import { isWritableInstant, readInstant } from './instant.ts';
import { isMapping, pointerToken, shortJson } from './json-shape.ts';
import { maxErrors } from './problem.ts';
import type { FieldProblem } from './problem.ts';

type OptionName = keyof typeof callOptionsSchema.properties;

/** What has been read so far; ApplyOptions once it is complete. */
type Draft = { -readonly [Name in keyof ApplyOptions]: ApplyOptions[Name] };

/** Puts a good value into the draft; says what the option must be when the value is not good. */
type OptionReader = (value: unknown, draft: Draft, limits: CallOptionLimits) => string | undefined;

export interface CallOptionLimits {
  /** What time it is, in ms since the epoch. */
  readonly nowMs: number;
  /** The queues that serve the task. */
  readonly queues: readonly string[];
}

const readers: Readonly<Record<OptionName, OptionReader>> = {
  countdown(value, draft, { nowMs }) {
    if (!isNumber(value) || value < 0 || !isWritableInstant(nowMs + value * 1000)) {
      return 'must be a number of seconds, 0 or more, that ends before the year 10000';
    }
    draft.countdown = value;
    return undefined;
  },
  eta(value, draft) {
    const eta = readInstant(value);
    if (eta === undefined) return 'must be an ISO 8601 instant such as "2030-01-31T08:00:00Z"';
    draft.eta = eta;
    return undefined;
  },
  expires(value, draft, { nowMs }) {
    if (isNumber(value)) {
      if (value <= 0 || !isWritableInstant(nowMs + value * 1000)) {
        return 'must be more than 0 seconds from now and before the year 10000';
      }
      draft.expires = value;
      return undefined;
    }
    const expires = readInstant(value);
    if (expires === undefined)
      return 'must be a number of seconds or an ISO 8601 instant such as "2030-01-31T08:00:00Z"';
    if (expires.getTime() <= nowMs) return 'must be in the future';
    draft.expires = expires;
    return undefined;
  },
  priority(value, draft) {
    if (!isNumber(value) || !Number.isInteger(value) || value < 0 || value > 255)
      return 'must be an integer from 0 to 255';
    draft.priority = value;
    return undefined;
  },
  task_id(value, draft) {
    if (typeof value !== 'string' || !taskIdPattern.test(value)) {
      return 'must be 1 to 255 letters, digits or any of _ . : ~ - with a letter, a digit or _ in front';
    }
    draft.taskId = value;
    return undefined;
  },
  queue(value, draft, { queues }) {
    if (typeof value !== 'string' || !queues.includes(value)) {
      return `must be a queue that serves this task: ${queues.map((queue) => JSON.stringify(queue)).join(', ')}`;
    }
    draft.queue = value;
    return undefined;
  },
  headers(value, draft) {
    if (!isMapping(value)) return 'must be an object';
    draft.headers = value;
    return undefined;
  },
  time_limit(value, draft) {
    if (!isNumber(value) || value <= 0) return 'must be a number of seconds above 0';
    draft.timeLimit = value;
    return undefined;
  },
  soft_time_limit(value, draft) {
    if (!isNumber(value) || value <= 0) return 'must be a number of seconds above 0';
    draft.softTimeLimit = value;
    return undefined;
  },
  ignore_result(value, draft) {
    if (typeof value !== 'boolean') return 'must be true or false';
    draft.ignoreResult = value;
    return undefined;
  },
};

const taskIdPattern = new RegExp(callOptionsSchema.properties.task_id.pattern ?? '');

/** Options that were read, or everything that is wrong with them. */
export interface ReadCallOptions {
  readonly options: ApplyOptions;
  readonly problems: readonly FieldProblem[];
}

/**
 * Reads the `options` member of a call.
 *
 * Nothing is coerced or ignored: an option that Celery has and HTTP callers may not use (`retries`, `link`, …) is as
 * unknown as a misspelt one, because a task that silently lacks its option is worse than a refused one.
 */
export function readCallOptions(
  options: Readonly<Record<string, unknown>>,
  limits: CallOptionLimits,
): ReadCallOptions {
  const draft: Draft = {};
  const problems: FieldProblem[] = [];
  for (const [name, value] of Object.entries(options)) {
    if (problems.length > maxErrors) break;
    const complaint = isOptionName(name) ? readers[name](plainNumber(value), draft, limits) : unknownOption;
    if (complaint !== undefined) problems.push(optionProblem(name, value, complaint));
  }
  if (draft.headers !== undefined) problems.push(...headerComplaints(draft.headers, '/options/headers'));
  problems.push(...contradictions(draft, limits.nowMs));
  return { options: draft, problems };
}

const unknownOption = `is not an option; the options are ${Object.keys(readers).join(', ')}`;

function* contradictions(draft: Draft, nowMs: number): Generator<FieldProblem> {
  if (draft.countdown !== undefined && draft.eta !== undefined) {
    yield { field: '/options/eta', message: 'excludes countdown; give one of the two' };
    return;
  }
  const startMs = draft.eta?.getTime() ?? nowMs + (draft.countdown ?? 0) * 1000;
  const endMs =
    draft.expires instanceof Date ? draft.expires.getTime() : nowMs + (draft.expires ?? Infinity) * 1000;
  if (endMs <= startMs) {
    yield {
      field: '/options/expires',
      message: 'must be later than eta or countdown, or the task could never run',
    };
  }
  if (
    draft.softTimeLimit !== undefined &&
    draft.timeLimit !== undefined &&
    draft.softTimeLimit > draft.timeLimit
  ) {
    yield {
      field: '/options/soft_time_limit',
      message: `must not be longer than time_limit (${draft.timeLimit}), got ${draft.softTimeLimit}`,
    };
  }
}

function optionProblem(name: string, value: unknown, complaint: string): FieldProblem {
  const got = complaint === unknownOption ? '' : `, got ${shortJson(value)}`;
  return { field: `/options/${pointerToken(name)}`, message: `${complaint}${got}` };
}

function isOptionName(name: string): name is OptionName {
  return Object.hasOwn(readers, name);
}

/** An option of `5.0` is as good as one of `5`. */
function plainNumber(value: unknown): unknown {
  return value instanceof PythonFloat ? value.value : value;
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}
