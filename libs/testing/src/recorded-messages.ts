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

/** The recordings `<stem>.<version>.json`, as captured from Python Celery. */
export function loadVectors(stem: string, version: RecordedVersion = 'celery-main'): RecordedFile {
  return JSON.parse(readFileSync(join(__dirname, '..', 'vectors', `${stem}.${version}.json`), 'utf8')) as RecordedFile;
}

/** The recordings of functions that need no broker: named lists of input and output. */
export function loadPureFunctions(): Readonly<Record<string, unknown>> {
  return JSON.parse(readFileSync(join(__dirname, '..', 'vectors', 'pure-functions.json'), 'utf8')) as Readonly<
    Record<string, unknown>
  >;
}
