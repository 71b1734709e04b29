import type { RpcResultStoreOptions } from '@celeriac/result-backend';
import type { WorkerSettings } from '../worker-settings.ts';
import type { FakePool } from './fake-pool.ts';

/** A recorded case that is played, and where ours differs. */
export interface CoveredCase {
  /** How messages are settled, where ours differs from what was recorded (SPEC.md §7.3 and §21). */
  readonly settled?: readonly ('acked' | 'rejected' | 'requeued')[];
  /** Edits of the recorded text of a result where ours differs, and why. */
  readonly edit?: (text: string) => string;
  /** Python sends the same result twice, ours once (SPEC.md §21). */
  readonly isOnce?: boolean;
  readonly settings?: Partial<WorkerSettings>;
  /** Options of its result backend. */
  readonly store?: Omit<RpcResultStoreOptions, 'transport'>;
  /** Default `w1@vec`. */
  readonly nodeName?: string;
  /** Whether the worker acknowledges late: it is played with each. Default both. */
  readonly acksLate?: readonly boolean[];
  /** Makes the pool in which the tasks run. Default: they run on the event loop. */
  readonly pool?: () => FakePool;
}

/** The edit of a case without one. */
export function unedited(text: string): string {
  return text;
}
