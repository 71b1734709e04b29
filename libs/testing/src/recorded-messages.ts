import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Releases of Python Celery whose messages were recorded. */
export type RecordedVersion = 'celery-5.2.6' | 'celery-5.6.3' | 'celery-main';

/** A message as the recorder saw it on the wire. */
export interface RecordedMessage {
  readonly exchange?: string;
  readonly routing_key?: string;
  readonly properties: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, unknown>> | null;
  readonly header_types?: Readonly<Record<string, unknown>>;
  readonly content_header_b64: string;
  readonly body_b64: string;
  readonly body_size: number;
  /** The body as text, after decompression; absent for binary serializers. */
  readonly body_text?: string;
}

/** A step of a trace: what one peer did on the wire. */
export interface RecordedAction extends Partial<RecordedMessage> {
  readonly action: string;
  readonly by?: string;
  readonly to?: string;
}

/** One recorded case. */
export interface RecordedCase {
  readonly name: string;
  readonly produced_by?: string;
  readonly note?: string;
  readonly messages?: readonly RecordedMessage[];
  readonly trace?: readonly RecordedAction[];
  readonly [key: string]: unknown;
}

/** A file of recordings. */
export interface RecordedFile {
  readonly format: number;
  readonly description: string;
  readonly cases: readonly RecordedCase[];
}

// specs run as CommonJS, where the folder of a module is known by this name
declare const __dirname: string;

function readRecording(name: string): string {
  return readFileSync(join(__dirname, '..', 'vectors', name), 'utf8');
}

/** The recordings `<stem>.<version>.json`, as captured from Python Celery. */
export function loadVectors(stem: string, version: RecordedVersion = 'celery-main'): RecordedFile {
  return JSON.parse(readRecording(`${stem}.${version}.json`)) as RecordedFile;
}

/** The recordings of functions that need no broker: named lists of input and output. */
export function loadPureFunctions(): Readonly<Record<string, unknown>> {
  return JSON.parse(readPureFunctions()) as Readonly<Record<string, unknown>>;
}

/** The same as text, for a reader that tells `3.0` from `3`. */
export function readPureFunctions(): string {
  return readRecording('pure-functions.json');
}

/** A recorded message in the shape in which a transport delivers one. */
export interface RecordedDelivery {
  readonly properties: {
    readonly contentType?: string | undefined;
    readonly contentEncoding?: string | undefined;
    readonly deliveryMode?: number | undefined;
    readonly priority?: number | undefined;
    readonly correlationId?: string | undefined;
    readonly replyTo?: string | undefined;
    readonly expiration?: string | undefined;
  };
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: Buffer;
}

function textIn(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function numberIn(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

/** The message as a transport would deliver it. */
export function deliveryOf(message: Partial<RecordedMessage>): RecordedDelivery {
  const { properties = {}, headers, body_b64: body = '' } = message;
  return {
    properties: {
      contentType: textIn(properties['content_type']),
      contentEncoding: textIn(properties['content_encoding']),
      deliveryMode: numberIn(properties['delivery_mode']),
      priority: numberIn(properties['priority']),
      correlationId: textIn(properties['correlation_id']),
      replyTo: textIn(properties['reply_to']),
      expiration: textIn(properties['expiration']),
    },
    headers: headers ?? {},
    body: Buffer.from(body, 'base64'),
  };
}
