export { loadPureFunctions, loadVectors } from './recorded-messages.ts';

export type {
  RecordedAction,
  RecordedCase,
  RecordedFile,
  RecordedMessage,
  RecordedVersion,
} from './recorded-messages.ts';
