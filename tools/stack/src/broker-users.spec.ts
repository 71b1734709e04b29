import { workerServices } from './app-services.ts';
import { brokerUsers } from './broker-users.ts';

type Right = 'configure' | 'write' | 'read';

const users = new Map(brokerUsers().map((user) => [user.name, user]));
const rights = ['configure', 'write', 'read'] as const;
const ours = '0b2b8a4e-5f7c-4d0e-9a57-0d5f3f1c2b6a';
const pythons = '6ba7b810-9dad-31d1-80b4-00c04fd430c8';

/** Those of the rights that a user has on a queue or exchange. */
function rightsOf(name: string, resource: string): readonly Right[] {
  const user = users.get(name);
  if (user === undefined) throw new Error(`there is no user ${name}`);
  return rights.filter((right) => new RegExp(user[right]).test(resource));
}

describe('brokerUsers', () => {
  it('has one for each app, one for other callers, and two for operators', () => {
    const apps = ['addition', 'subtraction', 'multiplication', 'division', 'producer'];
    expect([...users.keys()]).toEqual([...apps, 'caller', 'monitoring', 'operator']);
  });

  it.each([
    ['its queue', 'addition', ['configure', 'write', 'read']],
    ['its own queue', 'addition@3f2a.dq2', ['configure', 'write', 'read']],
    ['the exchange of own queues', 'C.dq2', ['configure', 'read']],
    ['the default exchange', 'amq.default', ['write']],
    ['events', 'celeryev', ['configure', 'write']],
    ['the exchanges of delays', 'celery_delayed_27', ['write']],
    ['what it has started', 'celeriac.started.addition', ['configure', 'write', 'read']],
    ['the queue of another worker', 'subtraction', []],
    ['the own queue of another worker', 'subtraction@3f2a.dq2', []],
    ['a queue whose name begins like its own', 'addition2', []],
    ['a queue whose name ends like its own', 'my-addition', []],
    ['the end of the delays', 'celery_delayed_delivery', []],
    ['dead letters', 'dead-letters', []],
    ['a reply queue', ours, []],
    ['another exchange of the broker', 'amq.topic', []],
    ['a queue of events', 'celeryev.1', []],
  ])('gives a worker on %s no other rights than it needs', (_, resource, expected) => {
    expect(rightsOf('addition', resource)).toEqual(expected);
  });

  it.each(workerServices)('gives %s the rights of every other worker, on its own queue', (name) => {
    const { configure, write, read } = users.get(name) ?? {};
    const { configure: c, write: w, read: r } = users.get('addition') ?? {};
    const named = [c, w, r].map((pattern) => pattern?.replaceAll('addition', name));
    expect([configure, write, read]).toEqual(named);
  });

  it.each([
    ['producer', 'its reply queue', ours, ['configure', 'read']],
    ['producer', 'the reply queue of Python', pythons, []],
    ['producer', 'the default exchange', 'amq.default', ['write']],
    ['producer', 'a task queue', 'addition', []],
    ['producer', 'delays', 'celery_delayed_27', []],
    ['producer', 'dead letters', 'dead-letters', []],
    ['caller', 'its reply queue', ours, ['configure', 'read']],
    ['caller', 'its reply queue in Python', pythons, ['configure', 'read']],
    ['caller', 'a result that is kept', 'celeriac.result.1', ['configure', 'read']],
    ['caller', 'the default exchange', 'amq.default', ['write']],
    ['caller', 'a task queue', 'division', []],
    ['monitoring', 'events', 'celeryev', ['configure', 'read']],
    ['monitoring', 'its queue of events', 'celeryev.1', ['configure', 'write', 'read']],
    ['monitoring', 'the default exchange', 'amq.default', []],
    ['monitoring', 'a task queue', 'addition', []],
    ['operator', 'dead letters', 'dead-letters', ['configure', 'write', 'read']],
  ])('gives %s on %s no other rights than it needs', (user, _, resource, expected) => {
    expect(rightsOf(user, resource)).toEqual(expected);
  });

  it('has no pattern that is found in the middle of a name', () => {
    for (const user of [...users.values()].filter(({ name }) => name !== 'operator')) {
      for (const right of rights) expect(user[right]).toMatch(/^\^\(\?:.+\)\$$/);
    }
  });
});
