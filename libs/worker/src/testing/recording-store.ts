import { OperationalError, type OperationalErrorCode } from '@celeriac/amqp-transport';
import { encodeResult, type ResultMessage } from '@celeriac/protocol';
import type { OnStored, ResultStore, ResultTarget } from '@celeriac/result-backend';

/** A state that was given to a {@link RecordingStore}, and the spec's say over what comes of it. */
export interface StoredState {
  readonly target: ResultTarget;
  readonly result: ResultMessage;
  /** The broker has confirmed it. */
  confirm(): void;
  /** It was not stored. */
  fail(code: OperationalErrorCode): void;
}

/** Takes results as a real store does, encoding included, and confirms them when the spec says so. */
export class RecordingStore implements ResultStore {
  readonly states: StoredState[] = [];

  get results(): ResultMessage[] {
    return this.states.map(({ result }) => result);
  }

  open(): void {
    // nothing to connect to
  }

  assertWritable(result: ResultMessage): void {
    encodeResult(result);
  }

  store(target: ResultTarget, result: ResultMessage, onStored: OnStored): void {
    encodeResult(result); // throws for a value that cannot be written, as a real store does
    this.states.push({
      target,
      result,
      confirm: () => {
        onStored();
      },
      fail: (code) => {
        onStored(new OperationalError(code, `the broker said ${code}`));
      },
    });
  }

  confirmAll(): void {
    for (const state of this.states) state.confirm();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
