import { coerceError } from '@celeriac/primitives';
import { decodeException, encodeException, tracebackOf } from './exception.ts';
import {
  ContentDisallowedError,
  DecodeError,
  EncodeError,
  InvalidTaskError,
  UnknownMessageError,
} from './protocol-error.ts';
import { PythonError } from './python-error.ts';
import { float } from './python-float.ts';
import { PythonScalar } from './python-scalar.ts';

class QuotaError extends Error {}
class NamedError extends RangeError {
  override readonly name = 'LimitError';
}

describe('encodeException', () => {
  it.each([
    [new Error('boom'), 'Exception', 'builtins', ['boom']],
    [new Error(), 'Exception', 'builtins', []],
    [new TypeError('t'), 'TypeError', 'builtins', ['t']],
    [new RangeError('r'), 'ValueError', 'builtins', ['r']],
    [new SyntaxError('s'), 'ValueError', 'builtins', ['s']],
    [new ReferenceError('n'), 'NameError', 'builtins', ['n']],
    [new AggregateError([], 'all'), 'Exception', 'builtins', ['all']],
    [new QuotaError('q'), 'QuotaError', 'celeriac', ['q']],
    [new NamedError('l'), 'LimitError', 'celeriac', ['l']],
    [new PythonError('KeyError', ['num_1']), 'KeyError', 'builtins', ['num_1']],
    [new PythonError('Late', [1, null], { excModule: 'app.errors' }), 'Late', 'app.errors', [1, null]],
    [new EncodeError('e'), 'EncodeError', 'kombu.exceptions', ['e']],
    [new DecodeError('d'), 'DecodeError', 'kombu.exceptions', ['d']],
    [new ContentDisallowedError('content-type-refused', 'c'), 'ContentDisallowed', 'kombu.exceptions', ['c']],
    [new InvalidTaskError('header-invalid', 'i'), 'InvalidTaskError', 'celery.exceptions', ['i']],
    [new UnknownMessageError('u'), 'UnknownMessageError', 'celeriac', ['u']],
    ['a text', 'Exception', 'builtins', ['a text']],
  ])('shows %p as %s of %s', (error, type, module, args) => {
    expect(encodeException(error)).toStrictEqual({ exc_type: type, exc_message: args, exc_module: module });
  });

  it('names an error of Node by what it is for, not by its internal class', () => {
    let thrown: unknown;
    try {
      Buffer.alloc('x' as unknown as number);
    } catch (error) {
      thrown = error;
    }
    expect(encodeException(thrown)).toMatchObject({ exc_type: 'TypeError', exc_module: 'builtins' });
  });

  it('keeps arguments that JSON can carry and shows the others as text', () => {
    const args = [float(1), new Date(0), Buffer.from('x'), new Map(), { a: [Symbol('s')] }, undefined];
    expect(encodeException(new PythonError('E', args)).exc_message).toStrictEqual([
      float(1),
      new Date(0),
      Buffer.from('x'),
      '<Map object>',
      "{'a': [<Symbol(s)>]}",
      null,
    ]);
  });

  it('gets a failure through whose fields hold what they should not', () => {
    const odd = Object.assign(new Error('x'), { name: 7, message: new Map(), stack: {} });
    expect(encodeException(odd)).toStrictEqual({
      exc_type: 'Exception',
      exc_message: ['<Map object>'],
      exc_module: 'builtins',
    });
    expect(typeof tracebackOf(odd)).toBe('string');
  });

  it('passes on an exception that came from Python unchanged', () => {
    const remote = Object.assign(new Error('x'), {
      excType: 'Gone',
      excModule: 'shop.errors',
      excArgs: ['x', 410],
    });
    expect(encodeException(remote)).toStrictEqual({
      exc_type: 'Gone',
      exc_message: ['x', 410],
      exc_module: 'shop.errors',
    });
  });
});

describe('tracebackOf', () => {
  it('gives the stacks of an error and its causes', () => {
    const text = tracebackOf(new Error('outer', { cause: new TypeError('inner') }));
    expect(text).toMatch(/^Error: outer\n +at [^]*\nCaused by: TypeError: inner\n +at /);
  });

  it('ends when an error is its own cause', () => {
    const error = new Error('loop');
    error.cause = error;
    expect(tracebackOf(error).match(/Error: loop/g)).toHaveLength(1);
  });

  it('gives a text for a thrown value that is no error', () => {
    expect(tracebackOf('just text')).toContain('just text');
  });
});

describe('decodeException', () => {
  it.each([
    [{ exc_type: 'ValueError', exc_message: ['bad'], exc_module: 'builtins' }, 'bad'],
    [{ exc_type: 'ValueError', exc_message: 'bad', exc_module: 'builtins' }, 'bad'],
    [{ exc_type: 'Exception', exc_message: [], exc_module: 'builtins' }, ''],
    [{ exc_type: 'CustomError', exc_message: ['a', 1, null], exc_module: 'tasks' }, "('a', 1, None)"],
    [{ exc_type: 'KeyError', exc_message: ['k'], exc_module: 'builtins' }, "'k'"],
    [{ exc_type: 'NotRegistered', exc_message: ['t'], exc_module: 'celery.exceptions' }, "'t'"],
    [
      { exc_type: 'FileNotFoundError', exc_message: [2, 'No such file'], exc_module: 'builtins' },
      '[Errno 2] No such file',
    ],
    [{ exc_type: 'OSError', exc_message: [2, 'No', 'f'], exc_module: 'builtins' }, "[Errno 2] No: 'f'"],
    [
      {
        exc_type: 'UnpickleableExceptionWrapper',
        exc_message: ['tasks', 'Unfriendly', ['1'], "Unfriendly('1')"],
        exc_module: 'celery.utils.serialization',
      },
      "Unfriendly('1')",
    ],
    [
      {
        exc_type: 'ValueError',
        exc_message: [new PythonScalar('datetime', '2024-01-01')],
        exc_module: 'builtins',
      },
      '2024-01-01 00:00:00',
    ],
  ])('shows %j as Python would', (wire, message) => {
    const { excType, excModule, excArgs, message: text } = decodeException(wire);
    expect(text).toBe(message);
    expect({ excType, excModule }).toEqual({ excType: wire.exc_type, excModule: wire.exc_module });
    expect(excArgs).toEqual(Array.isArray(wire.exc_message) ? wire.exc_message : [wire.exc_message]);
  });

  it.each([
    [{ exc_type: 'Odd' }, { excType: 'Odd', excModule: 'celery.exceptions', excArgs: [], message: '' }],
    ['text', { excType: 'Exception', excModule: 'builtins', excArgs: ['text'], message: 'text' }],
    [null, { excType: 'Exception', excModule: 'builtins', excArgs: [], message: '' }],
    [[1], { excType: 'Exception', excModule: 'builtins', excArgs: [1], message: '1' }],
  ])('takes %j for an exception too', (wire, exception) => {
    expect(decodeException(wire)).toEqual(exception);
  });

  it('gives PythonError the same text', () => {
    expect(new PythonError('KeyError', ['k']).message).toBe("'k'");
    expect(new PythonError('E', ['a', 1]).message).toBe("('a', 1)");
    expect(new PythonError('E').message).toBe('');
  });
});

describe('errors with hostile fields', () => {
  const errorWith = (fields: PropertyDescriptorMap): Error => Object.defineProperties(new Error('m'), fields);

  it('ends a chain of causes that never ends by itself', () => {
    class Endless extends Error {
      override get cause(): Error {
        return new Endless('again');
      }
    }
    expect(tracebackOf(new Endless('first'), 10_000_000).match(/Caused by/g)).toHaveLength(100);
  });

  it('ends a chain of causes that goes round', () => {
    const error = new Error('round');
    error.cause = new Error('and round', { cause: error });
    expect(tracebackOf(error).match(/Caused by/g)).toHaveLength(1);
  });

  it.each<[string, unknown]>([
    ['a class name that is a number', new (class extends Error { static override readonly name = 5 as never; })('m')], // prettier-ignore
    ['no constructor', errorWith({ constructor: { value: undefined } })],
    ['no prototype', Object.setPrototypeOf(new Error('m'), null)],
  ])('shows an error with %s as a plain exception', (_what, error) => {
    expect(encodeException(error)).toMatchObject({ exc_type: 'Exception', exc_message: ['m'] });
    expect(tracebackOf(error)).toEqual(expect.any(String));
  });

  it('shows an error with a name that is a symbol, whose stack may have no text', () => {
    const error = errorWith({ name: { value: Symbol('n') } });
    expect(encodeException(error)).toMatchObject({
      exc_type: 'Exception',
      exc_message: [expect.any(String)],
    });
    expect(tracebackOf(error)).toEqual(expect.any(String));
  });

  it('shows a value that is no error once', () => {
    expect(tracebackOf(coerceError({ code: 5 }))).not.toContain('Caused by');
  });
});
