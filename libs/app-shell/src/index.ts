export { runWorkerApp } from './run-worker-app.ts';
export { runApp } from './run-app.ts';
export { readSettings } from './read-settings.ts';
export { createLogger } from './create-logger.ts';
export { openLogDestination } from './log-destination.ts';
export { claimNodeName } from './claim-node-name.ts';
export { expandNodePath, resolveNodeName } from './node-name.ts';
export { handleSignals } from './handle-signals.ts';
export { handleFatalErrors } from './handle-fatal-errors.ts';
export { HealthServer } from './health-server.ts';
export { maskCredentials } from './mask-credentials.ts';
export { nearestName } from './nearest-name.ts';

export type { RunWorkerAppOptions } from './run-worker-app.ts';
export type { AppContext, AppProcess, RunAppOptions } from './run-app.ts';
export type { Settings } from './setting-definitions.ts';
export type { LogDestination, LoggerOptions, LogLevel } from './create-logger.ts';
export type { RunnableApp, ShutdownMode } from './supervise-app.ts';
export type {
  HandleSignalsOptions,
  ShutdownSignal,
  ShutdownStage,
  SignalHandlers,
  SignalSource,
} from './handle-signals.ts';
export type { FatalErrorSource, FatalOrigin } from './handle-fatal-errors.ts';
export type { HealthServerOptions } from './health-server.ts';
