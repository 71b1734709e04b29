import { EventEmitter } from 'node:events';
import { handleFatalErrors } from './handle-fatal-errors.ts';

describe('handleFatalErrors', () => {
  it.each(['uncaughtException', 'unhandledRejection'] as const)(
    'reports an error that escaped as %s, the first alone',
    (origin) => {
      const source = new EventEmitter();
      const reports: unknown[] = [];
      handleFatalErrors((caught, from) => reports.push([caught, from]), source);
      const error = new Error('lost');

      source.emit(origin, error);
      source.emit('unhandledRejection', new Error('a consequence'));

      expect(reports).toEqual([[error, origin]]);
    },
  );

  it('leaves an error to an app that takes it, and reports the next that it does not', () => {
    const source = new EventEmitter();
    const reports: unknown[] = [];
    const isTaken = (_caught: unknown, origin: string): boolean => origin === 'unhandledRejection';
    handleFatalErrors((caught) => reports.push(caught), source, isTaken);

    source.emit('unhandledRejection', 'left behind');
    source.emit('uncaughtException', 'fatal');

    expect(reports).toEqual(['fatal']);
  });

  it('takes all its listeners away again', () => {
    const source = new EventEmitter();
    const uninstall = handleFatalErrors(() => undefined, source);
    expect(source.eventNames().sort()).toEqual(['uncaughtException', 'unhandledRejection']);

    uninstall();

    expect(source.eventNames()).toEqual([]);
  });
});
