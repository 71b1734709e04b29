import type { ContentSize, ReadContentOptions } from './content.ts';
import { isArrayBody, readContent } from './content.ts';
import type { IncomingMessage } from './message.ts';
import { InvalidTaskError, UnknownMessageError } from './protocol-error.ts';
import { pythonRepr } from './python-repr.ts';
import { isMapping, pythonTypeName } from './python-type-name.ts';
import { isEmptyEmbed } from './signature.ts';
import type { TaskBody, TaskParts } from './task-body.ts';
import { checkParts, partsOfV2 } from './task-body.ts';
import { headersOfV1, partsOfV1 } from './task-message-v1.ts';
import type { TaskIdentity, TaskRequest } from './task-request.ts';
import { customHeaders, decodeTaskRequest } from './task-request.ts';

export type OpenTaskOptions = ReadContentOptions;

export interface ReadBodyOptions {
  /** `'keep'` gives integral floats of args and kwargs as PythonFloat, for sending them on unchanged. Default `'number'`. */
  readonly floats?: 'number' | 'keep' | undefined;
}

/** A task message whose name and id are known; the rest is read when asked for. */
export interface OpenedTask {
  readonly name: string;
  readonly id: string;
  /** undefined when nobody waits for a reply. */
  readonly replyTo: string | undefined;
  /** The correlation_id property, or the task id. */
  readonly correlationId: string;
  readonly isProtocol1: boolean;
  /** About what the body took in memory when it was read last, in bytes; 0 for a small one. */
  readonly decodedBytes: number;
  /** @throws InvalidTaskError | DecodeError | ContentDisallowedError; the same again when asked again */
  readRequest(): TaskRequest;
  /** @throws InvalidTaskError | DecodeError | ContentDisallowedError */
  readBody(options?: ReadBodyOptions): TaskBody;
  /** Lets go of what it has read of the body, while the task waits; {@link readBody} reads it again. */
  releaseBody(): void;
}

type Fields = Readonly<Record<string, unknown>>;

function nameIn(fields: Fields): string {
  const name = fields['task'];
  if (typeof name === 'string' && name !== '') return name;
  throw new InvalidTaskError(
    'task-name-invalid',
    `the name of a task must be a non-empty string, got ${pythonRepr(name).slice(0, 64)}`,
  );
}

function idIn(fields: Fields): string {
  const id = fields['id'];
  if (typeof id === 'string' && id !== '') return id;
  throw new InvalidTaskError(
    'id-invalid',
    `the id of a task must be a non-empty string, got ${pythonRepr(id).slice(0, 64)}`,
  );
}

/** What protocols 1 and 2 have in common: who the task is, and reading the rest once. */
abstract class Opened implements OpenedTask, ContentSize {
  readonly name: string;
  readonly id: string;
  readonly replyTo: string | undefined;
  readonly correlationId: string;
  abstract readonly isProtocol1: boolean;
  protected readonly message: IncomingMessage;
  protected readonly options: OpenTaskOptions;
  decodedBytes = 0;
  private request: TaskRequest | undefined;

  constructor(message: IncomingMessage, fields: Fields, options: OpenTaskOptions) {
    const { replyTo, correlationId } = message.properties;
    this.message = message;
    this.options = options;
    this.name = nameIn(fields);
    this.id = idIn(fields);
    this.replyTo = replyTo === '' ? undefined : replyTo;
    this.correlationId = correlationId === undefined || correlationId === '' ? this.id : correlationId;
  }

  readRequest(): TaskRequest {
    const protocol = this.isProtocol1 ? 1 : 2;
    const { name, id, replyTo, correlationId } = this;
    this.request ??= this.decodeRequest({ protocol, name, id, replyTo, correlationId });
    return this.request;
  }

  readBody({ floats = 'number' }: ReadBodyOptions = {}): TaskBody {
    const body = checkParts(this.readParts(floats));
    if (floats === 'keep' || isEmptyEmbed(body.embed)) return body;
    // what follows is passed on, so that its numbers must keep their kinds; the arguments are for the task to use
    return { ...body, embed: checkParts(this.readParts('keep')).embed };
  }

  abstract releaseBody(): void;

  protected readContent(floats: 'number' | 'keep'): unknown {
    return readContent(this.message, this.options, floats, this);
  }

  protected abstract decodeRequest(identity: TaskIdentity): TaskRequest;
  protected abstract readParts(floats: 'number' | 'keep'): TaskParts;
}

class OpenedV2 extends Opened {
  readonly isProtocol1 = false;
  private content: { readonly value: unknown } | undefined;

  constructor(message: IncomingMessage, options: OpenTaskOptions) {
    super(message, message.headers, options);
  }

  protected decodeRequest(identity: TaskIdentity): TaskRequest {
    const { headers } = this.message;
    const custom = customHeaders(headers);
    const body = this.hybridBody();
    return decodeTaskRequest(
      body === undefined ? headers : { ...headersOfV1(body), ...headers },
      identity,
      custom,
    );
  }

  protected readParts(floats: 'number' | 'keep'): TaskParts {
    const body = floats === 'number' ? this.takeContent() : this.readContent(floats);
    return isHybrid(body) ? partsOfV1(body) : partsOfV2(body);
  }

  /** [TASK-HYBRID] A protocol 1 body under protocol 2 headers: headers win. Only a body that may be an object is read. */
  private hybridBody(): Fields | undefined {
    if (isArrayBody(this.message)) return undefined;
    this.content ??= { value: this.readContent('number') };
    return isHybrid(this.content.value) ? this.content.value : undefined;
  }

  /** The content that the look for a hybrid has read, once: a task may change the arguments that it is given. */
  private takeContent(): unknown {
    const { value } = this.content ?? { value: this.readContent('number') };
    this.content = undefined;
    return value;
  }

  releaseBody(): void {
    this.content = undefined;
  }
}

function isHybrid(body: unknown): body is Fields {
  return isMapping(body) && Object.hasOwn(body, 'args');
}

class OpenedV1 extends Opened {
  readonly isProtocol1 = true;
  private body: Fields | undefined;

  constructor(message: IncomingMessage, body: Fields, options: OpenTaskOptions) {
    super(message, body, options);
    this.body = body;
  }

  releaseBody(): void {
    this.readRequest(); // of the same fields
    this.body = undefined;
  }

  protected decodeRequest(identity: TaskIdentity): TaskRequest {
    return decodeTaskRequest(headersOfV1(this.fields()), identity, customHeaders(this.message.headers));
  }

  protected readParts(floats: 'number' | 'keep'): TaskParts {
    return partsOfV1(floats === 'number' ? this.fields() : this.readFields(floats));
  }

  private fields(): Fields {
    this.body ??= this.readFields('number');
    return this.body;
  }

  private readFields(floats: 'number' | 'keep'): Fields {
    const body = this.readContent(floats);
    return isMapping(body) ? body : {};
  }
}

/**
 * Opens a task message as far as its name and id, so that a worker can tell an unknown task before it reads the rest.
 *
 * A message with a header `task` is protocol 2, and its body is left alone; any other is decoded and must be a protocol 1
 * body. The smallest message that is taken has the headers `task` and `id` and the body `[args, kwargs, {}]`.
 *
 * [TASK-PROTOCOL] Source: Celery 5.7, celery/worker/consumer/consumer.py `create_task_handler`; vectors
 * `worker-rpc: bad_*`, `v1_*`, `v2_*`.
 *
 * @throws InvalidTaskError when the name or id is missing or no string
 * @throws UnknownMessageError when the message is of neither protocol
 * @throws DecodeError when a body that must be read for that cannot be
 * @throws ContentDisallowedError when a body that must be read for that is of a type not accepted
 *
 * @example
 * const task = openTaskMessage(message);
 * const { args, kwargs } = task.readBody();
 */
export function openTaskMessage(message: IncomingMessage, options: OpenTaskOptions = {}): OpenedTask {
  if (Object.hasOwn(message.headers, 'task')) return new OpenedV2(message, options);
  const body = readContent(message, options, 'number');
  if (isMapping(body) && Object.hasOwn(body, 'task')) return new OpenedV1(message, body, options);
  throw new UnknownMessageError(
    `a task message must have a header "task" or a body with a member "task", got ${pythonTypeName(body)}`,
  );
}
