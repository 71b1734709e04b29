import { normaliseOutput } from './normalise-output.ts';

const tasks = `ID             NAME                  IMAGE                     NODE      DESIRED STATE   CURRENT STATE           ERROR     PORTS
xzxbvymj0sn6   celeriac_addition.1   celeriac/addition:0.1.0   n2        Running         Running 2 minutes ago             
`;

describe('normaliseOutput', () => {
  it('takes two runs for equal that differ in ids, hosts of tasks, ages and widths', () => {
    const other = `ID            NAME                  IMAGE                     NODE     DESIRED STATE  CURRENT STATE                   ERROR    PORTS
7k1bvymj0sn6  celeriac_addition.1   celeriac/addition:0.1.0   n3       Running        Running less than a second ago
`;
    expect(normaliseOutput(other)).toEqual(normaliseOutput(tasks));
  });

  it.each([
    ['a name', 'celeriac_addition.1', 'celeriac_addition.2'],
    ['an image', ':0.1.0', ':0.1.1'],
    ['a state', 'Running 2', 'Starting 2'],
    ['an error', 'ago             ', 'ago   "no suitable node"'],
    ['a missing row', /^xzx.*\n/m, ''],
    ['a missing header', /^ID.*\n/m, ''],
    ['one row more', /$/, 'xzxbvymj0sn7   celeriac_addition.2\n'],
  ])('tells %s apart', (_what, from, to) => {
    const changed = tasks.replace(from, to);
    expect(changed).not.toBe(tasks);
    expect(normaliseOutput(changed)).not.toEqual(normaliseOutput(tasks));
  });

  it('keeps the hosts of a list of hosts, and what of them matters', () => {
    const nodes = (host: string, status: string, version: string): string =>
      `ID                            HOSTNAME   STATUS    ENGINE VERSION\n${'w'.repeat(25)} *   ${host}         ${status}     ${version}\n`;
    const ready = normaliseOutput(nodes('n1', 'Ready', '26.1.5+dfsg1'));
    expect(normaliseOutput(nodes('n1', 'Ready', '29.1.0'))).toEqual(ready);
    expect(normaliseOutput(nodes('n2', 'Ready', '26.1.5+dfsg1'))).not.toEqual(ready);
    expect(normaliseOutput(nodes('n1', 'Down ', '26.1.5+dfsg1'))).not.toEqual(ready);
  });

  it('leaves out the port of the routing mesh, and no other', () => {
    const services = (ports: string): string =>
      `NAME                MODE         PORTS\nceleriac_producer   replicated   ${ports}\n`;
    expect(normaliseOutput(services('*:8000->8000/tcp'))).toEqual(normaliseOutput(services('')));
    expect(normaliseOutput(services('*:5672->5672/tcp'))).not.toEqual(normaliseOutput(services('')));
  });

  it('keeps the last state of progress, of each command anew', () => {
    const progress = [
      'celeriac_addition',
      'overall progress: 0 out of 2 tasks',
      '1/2:  ',
      'overall progress: 2 out of 2 tasks',
      'verify: Waiting 5 seconds to verify that tasks are stable...',
      'verify: Service celeriac_addition converged',
    ];
    const kept = [
      'celeriac_addition',
      'overall progress: 2 out of 2 tasks',
      'verify: Service celeriac_addition converged',
    ];
    expect(normaliseOutput([...progress, ...progress].join('\n'))).toEqual([...kept, ...kept]);
  });

  it('sorts what a stack creates, and keeps it all', () => {
    const created = 'Creating service b\nCreating network a\nCreating service a\ndone\nCreating service c\n';
    expect(normaliseOutput(created)).toEqual([
      'Creating network a',
      'Creating service a',
      'Creating service b',
      'done',
      'Creating service c',
    ]);
  });

  it('leaves out the digests of configs, and not their names', () => {
    const created = normaliseOutput('Creating config celeriac_rabbitmq_conf_15dfbc343f20');
    expect(normaliseOutput('Creating config celeriac_rabbitmq_conf_f684ab3342d9')).toEqual(created);
    expect(normaliseOutput('Creating config celeriac_rabbitmq_f684ab3342d9')).not.toEqual(created);
    expect(normaliseOutput('Creating config celeriac_rabbitmq_conf')).not.toEqual(created);
  });

  it('leaves numbers and words that are no ids as they are', () => {
    const answer = '{"id": "first-sum", "name": "add", "state": "SUCCESS", "result": 9.0}';
    expect(normaliseOutput(answer)).toEqual([answer]);
  });

  it('takes moments and containers out of a log line, and leaves the rest', () => {
    const line = (time: string, container: string, msg: string): string =>
      `{"time":"${time}","hostname":"${container}","nodeName":"addition@${container}","msg":"${msg}"}`;
    const ready = normaliseOutput(line('2026-11-23T07:49:30.242Z', 'ddea3ffad48f', 'worker ready'));
    expect(normaliseOutput(line('2026-12-01T00:00:00.000Z', '0123456789ab', 'worker ready'))).toEqual(ready);
    expect(normaliseOutput(line('2026-11-23T07:49:30.242Z', 'ddea3ffad48f', 'consuming'))).not.toEqual(ready);
  });
});
