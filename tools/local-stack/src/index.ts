export { openBroker } from './local-broker.ts';
export { LocalStackError } from './local-stack-error.ts';
export { openPython } from './python-environment.ts';
export { progressLog } from './progress-log.ts';
export { lastLines, runCommand } from './run-command.ts';
export { shownBrokerUrl } from './broker-url.ts';
export { skippedTitle } from './skipped-title.ts';
export { freePort } from './free-port.ts';
export { waitUntil } from './wait-until.ts';

export type { OpenBrokerOptions } from './local-broker.ts';
export type { BrokerKind, LocalBroker, OwnedBroker } from './owned-broker.ts';
export type { CommandOptions, CommandResult } from './run-command.ts';
export type { WaitOptions } from './wait-until.ts';
export type { CeleryLine } from './python-requirements.ts';
export type {
  OpenPythonOptions,
  PythonEnvironment,
  PythonInterpreter,
  Skipped,
} from './python-environment.ts';
