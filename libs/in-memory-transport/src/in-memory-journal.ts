import type { InMemoryMessage } from './in-memory-message.ts';

/** Something that happened between a program and an in-memory broker. */
export type JournalEntry =
  | { readonly event: 'published'; readonly message: InMemoryMessage; readonly queueCount: number }
  | { readonly event: 'confirmed'; readonly message: InMemoryMessage }
  | { readonly event: 'delivered'; readonly message: InMemoryMessage; readonly queue: string }
  | { readonly event: 'acked'; readonly message: InMemoryMessage; readonly queue: string }
  | {
      readonly event: 'rejected';
      readonly message: InMemoryMessage;
      readonly queue: string;
      readonly requeue: boolean;
    }
  | { readonly event: 'disconnected' | 'connected' };

/** All that happened, in order: for specs that assert on what came before what. */
export class InMemoryJournal {
  readonly #entries: JournalEntry[] = [];

  get entries(): readonly JournalEntry[] {
    return this.#entries;
  }

  write(entry: JournalEntry): void {
    this.#entries.push(entry);
  }

  /** The entries of one kind, in order. */
  of<E extends JournalEntry['event']>(event: E): Extract<JournalEntry, { readonly event: E }>[] {
    return this.#entries.filter(
      (entry): entry is Extract<JournalEntry, { readonly event: E }> => entry.event === event,
    );
  }
}
