/** What tasks of bad or unlucky programs throw and return; made anew for every run. */
import { runInNewContext } from 'node:vm';

function raise(): never {
  throw new Error('a trap');
}

/** A Proxy whose every trap throws. */
function trapped(target: object): object {
  const traps: ProxyHandler<object> = {
    get: raise,
    set: raise,
    has: raise,
    ownKeys: raise,
    getPrototypeOf: raise,
    getOwnPropertyDescriptor: raise,
    defineProperty: raise,
    deleteProperty: raise,
    isExtensible: raise,
  };
  return new Proxy(target, traps);
}

function revoked(target: object): object {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
}

function errorWith(field: PropertyKey, get: () => unknown = raise): Error {
  return Object.defineProperty(new Error('hostile'), field, { get, enumerable: true });
}

function nested(depth: number): unknown {
  let value: unknown = 0;
  for (let i = 0; i < depth; i++) value = [value];
  return value;
}

function causes(count: number): Error {
  let error = new Error('the first');
  for (let i = 0; i < count; i++) error = new Error(`caused ${String(i)}`, { cause: error });
  return error;
}

class EndlessCause extends Error {
  override get cause(): Error {
    return new EndlessCause('again');
  }
}

class NumberedName extends Error {
  static override readonly name = 5 as never;
}

/** Its getters work for as long as nobody relies on it. */
function readOnce(): Error {
  let reads = 0;
  return errorWith('message', () => (reads++ === 0 ? 'calm' : raise()));
}

const cyclic = (): object => {
  const value: Record<string, unknown> = {};
  value['self'] = value;
  return value;
};

export const hostileThrows = {
  undefined: () => undefined,
  null: () => null,
  false: () => false,
  nan: () => NaN,
  bigint: () => 2n ** 70n,
  symbol: () => Symbol('thrown'),
  function: () => raise,
  text: () => '',
  object: () => ({ code: 5 }),
  bare: () => Object.create(null) as object,
  cyclic,
  getter: () => Object.defineProperty({}, 'message', { get: raise, enumerable: true }),
  toStringThrows: () => ({ toString: raise, valueOf: raise, [Symbol.toPrimitive]: raise }),
  toJsonThrows: () => ({ toJSON: raise }),
  revokedProxy: () => revoked({}),
  revokedError: () => revoked(new Error('gone')),
  trappedProxy: () => trapped({}),
  trappedError: () => trapped(new Error('inside')),
  trappedPrototype: () => Object.create(trapped({})) as object,
  errorOfTrappedPrototype: () => Object.setPrototypeOf(new Error('astray'), trapped({})) as object,
  thenable: () => ({ then: raise }),
  message: () => errorWith('message'),
  name: () => errorWith('name'),
  stack: () => errorWith('stack'),
  cause: () => errorWith('cause'),
  constructorThrows: () => errorWith('constructor'),
  excType: () => errorWith('excType'),
  code: () => errorWith('code'),
  errors: () => errorWith('errors'),
  enumerable: () => errorWith('response'),
  toStringTag: () => errorWith(Symbol.toStringTag),
  readOnce,
  numberedClass: () => new NumberedName('n'),
  symbolName: () => errorWith('name', () => Symbol('name')),
  objectMessage: () => Object.assign(new Error(''), { message: cyclic() }),
  bareError: () => Object.setPrototypeOf(new Error('bare'), null) as object,
  frozen: () => Object.freeze(new Error('frozen')),
  sealedClass: () => Object.freeze(new NumberedName('sealed')),
  ownCause: () => {
    const error = new Error('round');
    error.cause = error;
    return error;
  },
  manyCauses: () => causes(5000),
  endlessCause: () => new EndlessCause('first'),
  trappedCause: () => new Error('outside', { cause: trapped({}) }),
  aggregate: () =>
    new AggregateError(
      Array.from({ length: 5000 }, (_, i) => new Error(`one of many: ${String(i)}`)),
      'many',
    ),
  aggregateOfItself: () => {
    const error = new AggregateError([], 'round');
    error.errors.push(error);
    return error;
  },
  hugeMessage: () => new Error('x'.repeat(1_000_000)),
  otherRealm: () => runInNewContext('new TypeError("elsewhere")') as object,
  otherRealmObject: () => runInNewContext('({ get message() { throw 1 } })') as object,
  abortErrorByName: () => Object.defineProperty({}, 'name', { get: raise }),
} satisfies Record<string, () => unknown>;

/** What tasks return, and what becomes of it. */
export const hostileReturns = {
  toJson: ['FAILURE', () => ({ toJSON: raise })],
  getter: ['FAILURE', () => Object.defineProperty({}, 'a', { get: raise, enumerable: true })],
  getterInside: ['FAILURE', () => [{ a: Object.defineProperty({}, 'b', { get: raise, enumerable: true }) }]],
  thenGetter: ['FAILURE', () => Object.defineProperty({}, 'then', { get: raise })],
  thenThrows: ['FAILURE', () => ({ then: raise })],
  thenTwice: [
    'SUCCESS',
    () => ({
      then: (resolve: (value: unknown) => void, reject: (error: unknown) => void) => {
        resolve('once');
        reject(new Error('twice'));
        resolve('thrice');
        raise();
      },
    }),
  ],
  thenRejectsTwice: [
    'FAILURE',
    () => ({
      then: (_: unknown, reject: (error: unknown) => void) => {
        reject(trapped({}));
        reject(trapped({}));
      },
    }),
  ],
  thenFunction: [
    'SUCCESS',
    () =>
      Object.assign(() => undefined, {
        then: (resolve: (value: unknown) => void) => {
          resolve('called');
        },
      }),
  ],
  thenOfThen: ['FAILURE', () => Promise.resolve({ then: raise })],
  promiseOfTrap: [
    'FAILURE',
    async () => {
      await Promise.resolve();
      throw trapped({}); // eslint-disable-line @typescript-eslint/only-throw-error -- tasks throw what they like
    },
  ],
  promiseOfBadConstructor: [
    'FAILURE',
    () => Object.defineProperty(Promise.resolve(1), 'constructor', { get: raise }),
  ],
  revokedProxy: ['FAILURE', () => revoked({})],
  trappedProxy: ['FAILURE', () => trapped({})],
  trappedInside: ['FAILURE', () => [trapped([])]],
  plainProxy: ['SUCCESS', () => new Proxy({ a: 1 }, {})],
  ownKeys: ['FAILURE', () => new Proxy({}, { ownKeys: raise })],
  cyclic: ['FAILURE', cyclic],
  deep: ['FAILURE', () => nested(100_000)],
  bigint: ['SUCCESS', () => 2n ** 70n],
  symbol: ['FAILURE', () => Symbol('s')],
  function: ['FAILURE', () => raise],
  generator: ['FAILURE', () => (function* () { yield 1; })()], // prettier-ignore
  invalidDate: ['FAILURE', () => new Date(NaN)],
  map: ['FAILURE', () => new Map([[1, 2]])],
  set: ['FAILURE', () => new Set([1])],
  typedArray: ['FAILURE', () => new Float64Array([1, NaN])],
  buffer: ['SUCCESS', () => Buffer.from([0xff])],
  sharedBuffer: ['FAILURE', () => new SharedArrayBuffer(8)],
  sparse: ['FAILURE', () => Object.assign([], { length: 2 ** 32 - 1 })],
  weakMap: ['FAILURE', () => new WeakMap()],
  error: ['FAILURE', () => new Error('returned')],
  nan: ['SUCCESS', () => NaN],
  nothing: ['SUCCESS', () => undefined],
} satisfies Record<string, readonly ['SUCCESS' | 'FAILURE', () => unknown]>;
