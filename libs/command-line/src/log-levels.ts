import type { LogLevel } from '@celeriac/app-shell';
import { InvalidArgumentError } from 'commander';

/**
 * Celery's levels and ours. Nothing here is logged at a level above `error`, so from CRITICAL on nothing is logged at all.
 *
 * Source: Celery 5.7.0, celery/bin/base.py `LogLevel`.
 */
const levels: ReadonlyMap<string, LogLevel> = new Map([
  ['DEBUG', 'debug'],
  ['INFO', 'info'],
  ['WARNING', 'warn'],
  ['ERROR', 'error'],
  ['CRITICAL', 'silent'],
  ['FATAL', 'silent'],
]);

/** Celery's names of log levels, for help and documents. */
export const logLevelNames: readonly string[] = [...levels.keys()];

/** Our level for one of Celery's, in any case. @throws InvalidArgumentError for any other word */
export function logLevelOf(name: string): LogLevel {
  const level = levels.get(name.toUpperCase());
  if (level !== undefined) return level;
  throw new InvalidArgumentError(`It must be one of ${logLevelNames.join(', ')}, in any case.`);
}
