import { cutText } from '@celeriac/primitives';
import { Type } from '@sinclair/typebox';

/**
 * Every kind of problem this server answers with: its HTTP status and its title.
 *
 * The kind becomes the document's `type`, `urn:celeriac:problem:<kind>`, which is what a program branches on.
 */
export const problemKinds = {
  'bad-request': { status: 400, title: 'The request cannot be read' },
  'invalid-parameter': { status: 400, title: 'A parameter of the address is not valid' },
  'malformed-body': { status: 400, title: 'The body is not valid JSON' },
  'cross-site-request': { status: 403, title: 'A page of another site may not call tasks' },
  'not-found': { status: 404, title: 'Nothing is served at this address' },
  'unknown-task': { status: 404, title: 'No such task' },
  'unknown-result': { status: 404, title: 'No task of this id is remembered' },
  'method-not-allowed': { status: 405, title: 'The method is not allowed here' },
  'request-timeout': { status: 408, title: 'The request took too long to arrive' },
  'task-id-in-use': { status: 409, title: 'The task id is in use' },
  'body-too-large': { status: 413, title: 'The body is too large' },
  'uri-too-long': { status: 414, title: 'The address is too long' },
  'unsupported-media-type': { status: 415, title: 'The body must be JSON' },
  'misdirected-request': { status: 421, title: 'The request is for another host' },
  'invalid-call': { status: 422, title: 'The call breaks the contract of the task' },
  'too-many-tasks': { status: 429, title: 'Too many generated tasks are under way' },
  'headers-too-large': { status: 431, title: 'The request headers are too large' },
  'internal-error': { status: 500, title: 'Something went wrong here' },
  unroutable: { status: 502, title: 'The broker has no queue for the task' },
  'broker-unavailable': { status: 503, title: 'The broker cannot be reached' },
  'publish-refused': { status: 503, title: 'The broker refused the task' },
  'publish-unconfirmed': { status: 503, title: 'The broker did not confirm the task in time' },
  'publish-queue-full': { status: 503, title: 'Too many tasks wait to be published' },
  overloaded: { status: 503, title: 'The producer holds as much as it may' },
} as const satisfies Record<string, { status: number; title: string }>;

export type ProblemKind = keyof typeof problemKinds;

/** One thing that is wrong in a request. */
export interface FieldProblem {
  /** JSON pointer into the body, or the name of a parameter of the address. */
  readonly field: string;
  /** What is wrong, to be read after the field: `must be an integer from 0 to 255, got 300`. */
  readonly message: string;
}

/** Members of a problem document beyond those every one has. */
export interface ProblemExtensions {
  readonly errors?: readonly FieldProblem[];
  /** Id of the task that may or may not have been published. */
  readonly task_id?: string;
  /** How many tasks of the request the broker confirmed before the problem arose. */
  readonly published?: number;
}

/** A problem document of RFC 9457. */
export interface Problem extends ProblemExtensions {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
}

export const problemContentType = 'application/problem+json';

/** The most errors that one document lists. Readers of input may stop once they have one more. */
export const maxErrors = 20;

const maxFieldCharacters = 320;
const maxMessageCharacters = 400;
const maxDetailCharacters = 700;
/** All errors of one document as JSON, in which a character may take 6 bytes. */
const maxErrorsCharacters = 8192;

/**
 * The document for a kind of problem; `detail` says what is wrong with this request and what to do about it.
 *
 * It is at most some 12 kB, whatever it quotes: the answer to a refused request does not outgrow the request by much.
 */
export function problemDocument(
  kind: ProblemKind,
  detail: string,
  extensions: ProblemExtensions = {},
): Problem {
  const { status, title } = problemKinds[kind];
  const { errors, ...others } = extensions;
  return {
    type: problemTypeOf(kind),
    title,
    status,
    detail: cutText(detail, maxDetailCharacters),
    ...others,
    ...(errors === undefined ? {} : { errors: cutErrors(errors) }),
  };
}

/** The first errors, with their texts cut; at least one. */
function cutErrors(errors: readonly FieldProblem[]): FieldProblem[] {
  const kept: FieldProblem[] = [];
  let characters = 0;
  for (const error of errors.slice(0, maxErrors)) {
    const cut = cutError(error);
    characters += JSON.stringify(cut).length;
    if (kept.length > 0 && characters > maxErrorsCharacters) break;
    kept.push(cut);
  }
  return kept;
}

function cutError({ field, message }: FieldProblem): FieldProblem {
  return { field: cutText(field, maxFieldCharacters), message: cutText(message, maxMessageCharacters) };
}

/** The URI that names a kind of problem. */
export function problemTypeOf(kind: ProblemKind): string {
  return `urn:celeriac:problem:${kind}`;
}

/** Thrown by a route to answer with a problem document. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  readonly kind: ProblemKind;
  readonly extensions: ProblemExtensions;

  constructor(kind: ProblemKind, detail: string, extensions: ProblemExtensions = {}, options?: ErrorOptions) {
    super(detail, options);
    this.kind = kind;
    this.extensions = extensions;
  }

  /** The same problem with more members. */
  with(extensions: ProblemExtensions): ProblemError {
    return new ProblemError(
      this.kind,
      this.message,
      { ...this.extensions, ...extensions },
      { cause: this.cause },
    );
  }

  toDocument(): Problem {
    return problemDocument(this.kind, this.message, this.extensions);
  }
}

/** The problem of a request with wrong fields; its detail names the first of them. */
export function problemOfFields(
  kind: ProblemKind,
  errors: readonly [FieldProblem, ...FieldProblem[]],
): ProblemError {
  const { field, message } = cutError(errors[0]);
  return new ProblemError(kind, `${field} ${message}${andMore(errors.length - 1)}.`, { errors });
}

function andMore(count: number): string {
  if (count === 0) return '';
  return count < maxErrors
    ? ` (and ${count} more, see errors)`
    : ' (and more, see the first of them in errors)';
}

/** The problem of a request that finds the producer full: a later one may succeed. */
export function overloaded(reason: string): ProblemError {
  return new ProblemError('overloaded', `Now ${reason}; send the request again later.`);
}

/** Schema of a problem document, for OpenAPI. */
export const problemSchema = Type.Object(
  {
    type: Type.String({ description: 'Names the kind of problem: urn:celeriac:problem:<kind>.' }),
    title: Type.String({ description: 'The kind of problem, in words.' }),
    status: Type.Integer({ description: 'The HTTP status.' }),
    detail: Type.String({ description: 'What is wrong with this request, and what to do about it.' }),
    errors: Type.Optional(
      Type.Array(
        Type.Object({
          field: Type.String({ description: 'JSON pointer into the body, or the name of a parameter.' }),
          message: Type.String({ description: 'What is wrong, to be read after the field.' }),
        }),
        {
          description: `What is wrong with the request, field by field: the first ${maxErrors} errors at most.`,
          maxItems: maxErrors,
        },
      ),
    ),
    task_id: Type.Optional(
      Type.String({
        description: 'The task that may or may not have been published; send it again with this id.',
      }),
    ),
    published: Type.Optional(
      Type.Integer({ description: 'How many tasks the broker had confirmed before the problem arose.' }),
    ),
  },
  { additionalProperties: false },
);
