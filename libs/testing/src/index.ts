export { InMemoryBroker } from './in-memory-broker.ts';
export { InMemoryTransport } from './in-memory-transport.ts';
export { deliveryOf, loadPureFunctions, loadVectors, readPureFunctions } from './recorded-messages.ts';
export { until } from './until.ts';

export type {
  RecordedAction,
  RecordedCase,
  RecordedDelivery,
  RecordedFile,
  RecordedMessage,
  RecordedVersion,
} from './recorded-messages.ts';
export type { DeadLetter } from './in-memory-broker.ts';
export type { InMemoryJournal, JournalEntry } from './in-memory-journal.ts';
export type { InMemoryMessage } from './in-memory-message.ts';
export type { InMemoryTransportOptions, PutMessage } from './in-memory-transport.ts';
export type { UntilOptions } from './until.ts';
