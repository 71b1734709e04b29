import type { ResultMessage } from '@celeriac/protocol';
import type { OnStored, ResultStore, ResultTarget } from './result-store.ts';

/** The `disabled://` backend: every result is dropped. */
export class DisabledResultStore implements ResultStore {
  open(): void {
    // there is nothing to connect to
  }

  assertWritable(): void {
    // nothing is written
  }

  store(_target: ResultTarget, _result: ResultMessage, onStored: OnStored): void {
    onStored();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
