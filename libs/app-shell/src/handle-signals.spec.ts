import { EventEmitter } from 'node:events';
import { handleSignals, type ShutdownSignal, type SignalHandlers } from './handle-signals.ts';

interface PlayOptions {
  /** What `onSoft` answers; undefined: there is no such handler. */
  readonly isSoftTaken?: boolean;
  readonly remapSigterm?: 'SIGQUIT';
}

function play(
  signals: readonly ShutdownSignal[],
  { isSoftTaken, remapSigterm }: PlayOptions = {},
): readonly string[] {
  const source = new EventEmitter();
  const calls: string[] = [];
  const handlers: SignalHandlers = {
    onWarm: (signal) => calls.push(`warm ${signal}`),
    onCold: (signal) => calls.push(`cold ${signal}`),
    onHard: (signal) => calls.push(`hard ${signal}`),
  };
  const onSoft = (signal: ShutdownSignal): boolean => {
    calls.push(`soft ${signal}`);
    return isSoftTaken === true;
  };
  const uninstall = handleSignals(isSoftTaken === undefined ? handlers : { ...handlers, onSoft }, {
    source,
    remapSigterm,
  });
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
  ])('without a soft stage, goes on %j through %j', (signals, calls) => {
    expect(play(signals)).toEqual(calls);
  });

  it.each<[readonly ShutdownSignal[], readonly string[]]>([
    [['SIGTERM', 'SIGTERM'], ['warm SIGTERM']],
    [['SIGQUIT'], ['soft SIGQUIT']],
    [
      ['SIGINT', 'SIGINT', 'SIGINT', 'SIGINT', 'SIGINT'],
      ['warm SIGINT', 'soft SIGINT', 'cold SIGINT', 'hard SIGINT'],
    ],
    [
      ['SIGTERM', 'SIGQUIT', 'SIGTERM', 'SIGQUIT', 'SIGINT'],
      ['warm SIGTERM', 'soft SIGQUIT', 'cold SIGQUIT', 'hard SIGINT'],
    ],
  ])('with a soft stage, goes on %j through %j', (signals, calls) => {
    expect(play(signals, { isSoftTaken: true })).toEqual(calls);
  });

  it('goes cold at once where there is nothing that a soft stage would wait for', () => {
    expect(play(['SIGINT', 'SIGINT', 'SIGINT'], { isSoftTaken: false })).toEqual([
      'warm SIGINT',
      'soft SIGINT',
      'cold SIGINT',
      'hard SIGINT',
    ]);
  });

  it('takes TERM for QUIT when it is remapped, and the others for what they are', () => {
    expect(play(['SIGTERM', 'SIGTERM', 'SIGTERM'], { remapSigterm: 'SIGQUIT' })).toEqual([
      'cold SIGTERM',
      'hard SIGTERM',
    ]);
    expect(play(['SIGINT', 'SIGTERM', 'SIGTERM'], { remapSigterm: 'SIGQUIT', isSoftTaken: true })).toEqual([
      'warm SIGINT',
      'soft SIGTERM',
      'cold SIGTERM',
    ]);
  });

  it('takes all its listeners away again', () => {
    const source = new EventEmitter();
    const ignore = (): undefined => undefined;
    const uninstall = handleSignals({ onWarm: ignore, onCold: ignore, onHard: ignore }, { source });
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
