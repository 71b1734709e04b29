import { runInNewContext } from 'node:vm';
import { coerceError } from './coerce-error.ts';

function raise(): never {
  throw new Error('a trap');
}

const traps: ProxyHandler<object> = {
  get: raise,
  getPrototypeOf: raise,
  has: raise,
  ownKeys: raise,
  getOwnPropertyDescriptor: raise,
};

function errorWith(field: string, get: () => unknown = raise): Error {
  return Object.defineProperty(new Error('hostile'), field, { get });
}

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

class OfOtherName extends Error {
  override readonly name = 'OtherName';
}

describe('coerceError', () => {
  it.each<[string, Error]>([
    ['an error', new TypeError('t')],
    ['a frozen one', Object.freeze(new Error('f'))],
    ['one of a class', new OfOtherName('o')],
    ['one of another realm', runInNewContext('new Error("elsewhere")') as Error],
    ['an aborted one', new DOMException('aborted', 'AbortError')],
    ['one with getters that work', errorWith('message', () => 'made up')],
    ['one without a prototype', Object.setPrototypeOf(new Error('bare'), null) as Error],
    ['one that is its own cause', Object.assign(new Error('cycle'), { cause: undefined })],
  ])('keeps %s', (_what, error) => {
    expect(coerceError(error)).toBe(error);
  });

  it.each<[string, unknown, string]>([
    ['a text', 'just a text', 'just a text'],
    ['nothing', undefined, 'undefined'],
    ['null', null, 'null'],
    ['a symbol', Symbol('s'), 'Symbol(s)'],
    ['a function', raise, '[Function: raise]'],
    ['a bigint', 5n, '5n'],
    ['an object without a prototype', Object.create(null), '[Object: null prototype] {}'],
    ['a revoked Proxy', revoked(), '<Revoked Proxy>'],
    ['a Proxy whose traps throw', new Proxy({ a: 1 }, traps), '{ a: 1 }'],
    ['an object with a getter that throws', Object.defineProperty({}, 'm', { get: raise, enumerable: true }), '{ m: [Getter] }'], // prettier-ignore
  ])('describes %s', (_what, thrown, message) => {
    const error = coerceError(thrown);
    expect(error).toBeInstanceOf(Error);
    expect(error.message).toBe(message);
  });

  it('describes a Proxy of an error, whose traps may throw at any later look', () => {
    expect(coerceError(new Proxy(new Error('inside'), traps)).message).toMatch(/^Error: inside/);
  });

  it.each(['name', 'message', 'stack', 'cause', 'constructor'])(
    'says of an error whose %s throws that it cannot be read',
    (field) => {
      expect(coerceError(errorWith(field)).message).toBe('what was thrown cannot be read: a trap');
    },
  );

  it('says so too when what the look throws cannot be read either', () => {
    const worse = errorWith('message', () => {
      throw new Proxy({}, traps); // eslint-disable-line @typescript-eslint/only-throw-error -- tasks throw what they like
    });
    expect(coerceError(worse).message).toBe('what was thrown cannot be read: a look at it throws');
  });

  it('survives an object whose prototype is a Proxy', () => {
    expect(coerceError(Object.create(new Proxy({}, traps))).message).toBe(
      'what was thrown cannot be read: a trap',
    );
  });
});
