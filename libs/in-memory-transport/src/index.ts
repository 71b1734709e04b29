export { InMemoryTransport } from './in-memory-transport.ts';
export { InMemoryBroker } from './in-memory-broker.ts';

export type { DeadLetter } from './in-memory-broker.ts';
export type { InMemoryJournal, JournalEntry } from './in-memory-journal.ts';
export type { InMemoryMessage } from './in-memory-message.ts';
export type { InMemoryTransportOptions, PutMessage } from './in-memory-transport.ts';
