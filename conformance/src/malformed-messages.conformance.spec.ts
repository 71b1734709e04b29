import { closeAfterAll } from './close-after-all.ts';
import { deadLetterQueue } from './dead-letters.ts';
import { describeWithPython } from './describe-with-python.ts';
import type { ManagedProcess } from './managed-process.ts';
import { runDriver } from './python-driver.ts';
import { startOwnWorker } from './typescript-app.ts';

/** What became of the messages of one kind; `drivers/malformed.py` writes it. */
interface Account {
  readonly kind: string;
  readonly outcome: 'refused' | 'refused and told' | 'settled';
  readonly sent: number;
  /** Dead letters. */
  readonly dead: number;
  /** FAILURE replies. */
  readonly failures: number;
  /** SUCCESS replies. */
  readonly answers: number;
  /** Messages with more than one dead letter or reply. */
  readonly twice: number;
  /** Messages with neither. */
  readonly lost: number;
  /** What the good call behind them was answered. */
  readonly good: string;
  readonly goodSeconds: number;
}

const COUNT = 1000;
const LARGE_COUNT = 5;
const QUEUE = 'conformance.malformed';

describeWithPython(
  'a TypeScript worker',
  (python) => {
    const atEnd = closeAfterAll();
    let worker: ManagedProcess;
    let accounts: readonly Account[] = [];
    let left: number | undefined;

    beforeAll(async () => {
      const queues = [QUEUE, deadLetterQueue(QUEUE)];
      await runDriver(python, 'queue_state', ['delete', ...queues]);
      atEnd(() => runDriver(python, 'queue_state', ['delete', ...queues]));
      await runDriver(python, 'queue_state', ['dead_letter', QUEUE]);
      worker = await startOwnWorker('dead-letter-worker');
      atEnd(() => worker.stop());
      const lines = await runDriver<Account | { readonly left: number }>(python, 'malformed', [
        QUEUE,
        String(COUNT),
        String(LARGE_COUNT),
      ]);
      accounts = lines.filter((line) => 'kind' in line);
      left = lines.find((line) => 'left' in line)?.left;
    });

    it('is still the same process, after all kinds', () => {
      expect(accounts.length).toBeGreaterThan(35);
      expect(worker.isRunning).toBe(true);
    });

    it('leaves nothing in its queue', () => {
      expect(left).toBe(0);
    });

    it('settles each message once', () => {
      for (const account of accounts) {
        expect({ kind: account.kind, lost: account.lost, twice: account.twice }).toEqual({
          kind: account.kind,
          lost: 0,
          twice: 0,
        });
      }
    });

    it('rejects each message that is malformed for certain, so that it is kept as a dead letter', () => {
      for (const { kind, outcome, sent, dead, answers } of accounts) {
        if (outcome !== 'settled') expect({ kind, dead, answers }).toEqual({ kind, dead: sent, answers: 0 });
      }
    });

    it('tells the caller where the specification says so, and nowhere else', () => {
      for (const { kind, outcome, sent, failures } of accounts) {
        if (outcome !== 'settled') {
          expect({ kind, failures }).toEqual({ kind, failures: outcome === 'refused and told' ? sent : 0 });
        }
      }
    });

    it('runs what random damage left whole, and rejects the rest', () => {
      for (const { kind, outcome, sent, dead, answers } of accounts) {
        if (outcome !== 'settled') continue;
        expect({ kind, bothHappen: dead > 0 && answers > 0 }).toEqual({ kind, bothHappen: true });
        expect(sent).toBe(COUNT);
      }
    });

    it('runs the next good task at once', () => {
      for (const { kind, good, goodSeconds } of accounts) {
        expect({ kind, good }).toEqual({ kind, good: '9.0' });
        expect(goodSeconds).toBeLessThan(1);
      }
    });

    it('stops on SIGTERM with exit code 0, every delivery settled', async () => {
      expect(await worker.stop()).toEqual({ code: 0, signal: null });
      expect(await runDriver(python, 'queue_state', ['counts', QUEUE])).toEqual([{ [QUEUE]: 0 }]);
    });
  },
  ['newest'],
);
