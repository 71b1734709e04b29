import { encodeException } from '@celeriac/protocol';
import { exitStatus, WorkerLostError } from './worker-lost-error.ts';

describe('WorkerLostError', () => {
  it("is billiard's", () => {
    expect(encodeException(new WorkerLostError(exitStatus(null, 'SIGKILL'), 7))).toEqual({
      exc_type: 'WorkerLostError',
      exc_message: ['Worker exited prematurely: signal 9 (SIGKILL) Job: 7.'],
      exc_module: 'billiard.exceptions',
    });
  });
});

describe('exitStatus', () => {
  it.each([
    [1, null, 'exitcode 1'],
    [0, null, 'exitcode 0'],
    [null, 'SIGSEGV', 'signal 11 (SIGSEGV)'],
  ] as const)('says of %p and %p: %s', (code, signal, status) => {
    expect(exitStatus(code, signal)).toBe(status);
  });
});
