import type { Signal } from '@celeriac/primitives';
import { WorkerSignals } from './worker-signals.ts';

describe('WorkerSignals', () => {
  it('has each signal under its Celery name in camelCase', () => {
    const camelCase = (name: string): string =>
      name.replaceAll(/_(.)/g, (_, letter: string) => letter.toUpperCase());
    const signals = Object.entries(new WorkerSignals()) as [string, Signal<unknown>][];

    expect(signals.map(([key]) => key)).toEqual(signals.map(([, { name }]) => camelCase(name)));
    expect(new Set(signals.map(([, { name }]) => name)).size).toBe(16);
  });

  it('keeps the receivers of one worker apart from those of another', () => {
    const signals = new WorkerSignals();

    signals.workerReady.connect(() => undefined);

    expect(signals.workerReady.hasReceivers).toBe(true);
    expect(new WorkerSignals().workerReady.hasReceivers).toBe(false);
  });
});
