import { EventEmitter } from 'node:events';
import { handleSignals, type ShutdownSignal } from './handle-signals.ts';

function play(signals: readonly ShutdownSignal[]): readonly string[] {
  const source = new EventEmitter();
  const calls: string[] = [];
  const uninstall = handleSignals(
    {
      onWarm: (signal) => calls.push(`warm ${signal}`),
      onCold: (signal) => calls.push(`cold ${signal}`),
      onHard: (signal) => calls.push(`hard ${signal}`),
    },
    source,
  );
  for (const signal of signals) source.emit(signal);
  uninstall();
  return calls;
}

describe('handleSignals', () => {
  it.each<[readonly ShutdownSignal[], readonly string[]]>([
    [['SIGTERM'], ['warm SIGTERM']],
    [['SIGINT'], ['warm SIGINT']],
    [['SIGQUIT'], ['cold SIGQUIT']],
    [['SIGTERM', 'SIGTERM', 'SIGTERM'], ['warm SIGTERM']],
    [['SIGINT', 'SIGTERM'], ['warm SIGINT']],
    [
      ['SIGTERM', 'SIGINT'],
      ['warm SIGTERM', 'cold SIGINT'],
    ],
    [
      ['SIGTERM', 'SIGQUIT'],
      ['warm SIGTERM', 'cold SIGQUIT'],
    ],
    [
      ['SIGINT', 'SIGINT', 'SIGINT', 'SIGINT'],
      ['warm SIGINT', 'cold SIGINT', 'hard SIGINT'],
    ],
    [
      ['SIGQUIT', 'SIGTERM', 'SIGQUIT'],
      ['cold SIGQUIT', 'hard SIGQUIT'],
    ],
    [
      ['SIGQUIT', 'SIGINT'],
      ['cold SIGQUIT', 'hard SIGINT'],
    ],
  ])('goes on %j through %j', (signals, calls) => {
    expect(play(signals)).toEqual(calls);
  });

  it('takes all its listeners away again', () => {
    const source = new EventEmitter();
    const ignore = (): undefined => undefined;
    const uninstall = handleSignals({ onWarm: ignore, onCold: ignore, onHard: ignore }, source);
    expect(source.eventNames().sort()).toEqual(['SIGINT', 'SIGQUIT', 'SIGTERM']);

    uninstall();

    expect(source.eventNames()).toEqual([]);
  });

  it('listens to the process by default', () => {
    const before = process.listenerCount('SIGTERM');
    const ignore = (): undefined => undefined;

    const uninstall = handleSignals({ onWarm: ignore, onCold: ignore, onHard: ignore });
    expect(process.listenerCount('SIGTERM')).toBe(before + 1);
    uninstall();

    expect(process.listenerCount('SIGTERM')).toBe(before);
  });
});
