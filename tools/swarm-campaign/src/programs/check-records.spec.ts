import { programPath, startNode, type EndedProgram } from './testing/program.ts';
import { RecordFolders, type Line } from './testing/records.ts';

const from = 1_000_000;
const to = 1_010_000;

const add = { task: 'add', args: [{ num_1: 7, num_2: '2.5' }] };

function sending(id: string, more: object = {}): Line {
  return { at: from + 10, event: 'sending', id, attempt: 1, ...add, ...more };
}
function event(id: string, name: string, more: object = {}): Line {
  return { at: from + 20, event: name, id, ...more };
}
function confirmed(id: string): Line {
  return event(id, 'confirmed');
}
function answered(id: string, result: unknown = 9.5): Line {
  return event(id, 'answered', { result });
}
function run(id: string, more: object = {}): Line {
  const ended = { state: 'SUCCESS', retval: 9.5, redelivered: false, hostname: 'h' };
  return { at: from + 15, id, ...add, kwargs: {}, ...ended, ...more };
}

/** A call that went well, so that every case has something besides its fault. */
const well = { calls: [sending('well'), confirmed('well'), answered('well')], runs: [run('well')] };

interface Finding {
  readonly count: number;
  readonly ids: readonly string[];
}
type Report = Readonly<Record<'lost' | 'duplicated' | 'wrong' | 'phantom', Finding>> &
  Readonly<Record<'sent' | 'confirmed' | 'executed' | 'answered' | 'unanswered' | 'refused', number>> &
  Readonly<Record<'unconfirmed' | 'http5xx' | 'explained' | 'unexplained' | 'torn', number>> & {
    readonly longestSilenceMs: Readonly<Record<string, number>>;
    readonly unansweredReasons: Readonly<Record<string, number>>;
    readonly violations: readonly string[];
  };

describe('check-records', () => {
  const folders = new RecordFolders();
  afterEach(() => folders.removeAll());

  function check(folder: string, ...options: readonly string[]): Promise<EndedProgram> {
    const span = ['--from', String(from), '--to', String(to)];
    return startNode([programPath('check-records.mjs'), folder, ...span, ...options]).ended;
  }

  /** Judges the calls and runs given, beside one that went well. */
  async function judge(
    calls: readonly Line[],
    runs: readonly Line[],
    ...options: readonly string[]
  ): Promise<{ readonly code: number | null; readonly report: Report }> {
    const folder = await folders.make({
      callers: { 'http.jsonl': [...well.calls, ...calls] },
      tasks: { 'addition-h.jsonl': [...well.runs, ...runs] },
    });
    const { code, output, errors } = await check(folder, ...options);
    expect(errors).toBe('');
    return { code, report: JSON.parse(output) as Report };
  }

  it('passes calls that were all run once and answered right', async () => {
    const divide = { task: 'divide', args: [{ num_1: 1, num_2: '0.0' }] };
    const fake = { task: 'fakemultiply', args: [{ num_1: 'x', num_2: null }] };
    const calls = [
      ...[sending('nd', divide), confirmed('nd'), answered('nd', 'ND')],
      ...[sending('fake', fake), confirmed('fake'), answered('fake', 'multiply')],
    ];
    const runs = [run('nd', { ...divide, retval: 'ND' }), run('fake', { ...fake, retval: 'multiply' })];

    const { code, report } = await judge(calls, runs, '--planned');

    expect(report).toMatchObject({ sent: 3, confirmed: 3, executed: 3, answered: 3, unanswered: 0 });
    expect(report.violations).toEqual([]);
    expect(code).toBe(0);
  });

  it.each([
    ['confirmed', [sending('gone'), confirmed('gone')]],
    ['answered', [sending('gone'), answered('gone')]],
  ])('finds a call lost that was %s and did not run', async (_what, calls) => {
    const { code, report } = await judge(calls, []);

    expect(report.lost).toMatchObject({ count: 1, ids: ['gone'] });
    expect(report.violations).toEqual(['lost']);
    expect(code).toBe(1);
  });

  it.each([
    ['refused', event('x', 'refused', { reason: 'broker-unavailable', status: 503 })],
    ['left unconfirmed', event('x', 'unconfirmed', { reason: 'reset' })],
  ])('does not miss the run of a call that was %s', async (_what, fate) => {
    const { code, report } = await judge([sending('x'), fate], []);

    expect(report.lost.count).toBe(0);
    expect(report.violations).toEqual([]);
    expect(code).toBe(0);
  });

  const twice = [sending('x'), confirmed('x'), answered('x')];
  const resent = [
    sending('x'),
    event('x', 'unconfirmed', { reason: 'reset' }),
    sending('x', { attempt: 2 }),
    ...[confirmed('x'), answered('x')],
  ];
  it.each([
    ['without a reason', twice, [run('x'), run('x')], 'unexplained'],
    ['by a redelivery', twice, [run('x'), run('x', { redelivered: true })], 'explained'],
    ['by a resend', resent, [run('x'), run('x')], 'explained'],
    ['by a resend and once more', resent, [run('x'), run('x'), run('x')], 'unexplained'],
  ] as const)('counts a call that ran again %s as %4$s', async (_why, calls, runs, verdict) => {
    const fault = await judge(calls, runs, '--fault');
    const planned = await judge(calls, runs, '--planned');

    expect(fault.report.duplicated).toMatchObject({ count: 1, ids: ['x'] });
    const isExplained = verdict === 'explained';
    expect(fault.report).toMatchObject({
      explained: isExplained ? 1 : 0,
      unexplained: isExplained ? 0 : 1,
      violations: isExplained ? [] : ['unexplained'],
    });
    expect(fault.code).toBe(isExplained ? 0 : 1);
    expect(planned.report.violations).toContain('duplicated');
    expect(planned.code).toBe(1);
  });

  it('does not take a resend that was refused for the reason of a second run', async () => {
    const refused = event('x', 'refused', { reason: 'task-id-in-use', status: 409 });
    const calls = [sending('x'), event('x', 'unconfirmed', { reason: 'reset' }), sending('x'), refused];

    const { report } = await judge([...calls, answered('x')], [run('x'), run('x')]);

    expect(report.violations).toEqual(['unexplained']);
  });

  it('finds the run of a call that was refused', async () => {
    const refused = event('x', 'refused', { reason: 'broker-unavailable', status: 503 });

    const { report } = await judge([sending('x'), refused], [run('x')]);

    expect(report.duplicated.ids).toEqual(['x']);
    expect(report.violations).toEqual(['unexplained']);
  });

  const negative = { args: [{ num_1: -1, num_2: '1' }] };
  const minus = { task: 'multiply', args: [{ num_1: -1, num_2: 0 }] };
  it.each([
    ['an answer', {}, answered('x', 9), {}],
    ['an answer of another type', {}, answered('x', '9.5'), {}],
    ['an answer that is a failure', {}, event('x', 'answered', { failure: { type: 'E', message: '' } }), {}],
    ['a value that a run returned', {}, answered('x'), { retval: 9.500000000000002 }],
    ['a run that failed', {}, answered('x'), { state: 'FAILURE', retval: { type: 'E', message: '' } }],
    ['arguments of a run', {}, answered('x'), negative],
    ['the task that ran', {}, answered('x'), { task: 'subtract' }],
    ['the sign of a zero', minus, '{"at":1000020,"event":"answered","id":"x","result":0.0}', minus],
  ])('finds %s wrong', async (_what, call, answer, seen) => {
    const good = { ...call, retval: 'task' in call ? -0 : 9.5 };
    const { code, report } = await judge(
      [sending('x', call), confirmed('x'), answer],
      [run('x', { ...good, ...seen })],
    );

    expect(report.wrong).toMatchObject({ count: 1, ids: ['x'] });
    expect(report.violations).toEqual(['wrong']);
    expect(code).toBe(1);
  });

  it('keeps the sign of a zero that is right', async () => {
    const line = '{"at":1000015,"id":"x","task":"multiply","args":[{"num_1":-1,"num_2":0}],"kwargs":{},';
    const { report } = await judge(
      [sending('x', minus), '{"at":1000020,"event":"answered","id":"x","result":-0.0}'],
      [`${line}"state":"SUCCESS","retval":-0.0,"redelivered":false}`],
    );

    expect(report.violations).toEqual([]);
  });

  it('finds the run of a call that nobody sent', async () => {
    const { code, report } = await judge([], [run('ghost')]);

    expect(report.phantom).toMatchObject({ count: 1, ids: ['ghost'] });
    expect(report.violations).toEqual(['phantom']);
    expect(code).toBe(1);
  });

  it('leaves the runs of another time to those who judge it', async () => {
    const { report } = await judge([], [run('ghost', { at: from - 1 }), run('ghost', { at: to + 1 })]);

    expect(report.violations).toEqual([]);
  });

  it('judges the calls that were first sent in its time, by all that came of them later', async () => {
    const before = [sending('before', { at: from - 1 }), sending('before'), confirmed('before')];
    const after = [sending('after', { at: to }), confirmed('after')];
    const late = [sending('late', { at: to - 1 }), { ...(confirmed('late') as object), at: to + 5000 }];

    const { report } = await judge([...before, ...after, ...late], []);

    expect(report.sent).toBe(2);
    expect(report.lost.ids).toEqual(['late']);
  });

  it.each([
    ['unanswered', [sending('x'), confirmed('x'), event('x', 'unanswered', { reason: 'late' })], [run('x')]],
    [
      'http5xx',
      [
        ...[sending('x'), event('x', 'unconfirmed', { reason: 'e', status: 500 }), sending('x')],
        ...[confirmed('x'), answered('x')],
      ],
      [run('x')],
    ],
    ['http5xx', [...twice, event('x', 'error', { status: 502 })], [run('x')]],
    [
      'refused',
      [sending('x'), event('x', 'refused', { reason: 'r' }), sending('x'), confirmed('x'), answered('x')],
      [run('x')],
    ],
  ])('allows %s to a fault, and not to what was planned', async (rule, calls, runs) => {
    const fault = await judge(calls, runs, '--fault');
    const planned = await judge(calls, runs, '--planned');

    expect(fault.report).toMatchObject({ [rule]: 1, violations: [] });
    expect(fault.code).toBe(0);
    expect(planned.report).toMatchObject({ [rule]: 1, violations: [rule] });
    expect(planned.code).toBe(1);
  });

  it('allows the answers that a replaced producer took with it, when told of one, and no others', async () => {
    const lost = event('x', 'unanswered', { reason: 'unknown', producerLost: true });
    const calls = [sending('x'), confirmed('x'), lost];
    const late = [sending('y'), confirmed('y'), event('y', 'unanswered', { reason: 'late' })];

    const strict = await judge(calls, [run('x')], '--planned');
    const told = await judge(calls, [run('x')], '--planned', '--producer-replaced');
    const other = await judge(late, [run('y')], '--planned', '--producer-replaced');

    expect(strict.report.violations).toEqual(['unanswered']);
    expect(told.report).toMatchObject({ unanswered: 1, unansweredReasons: { unknown: 1 }, violations: [] });
    expect(other.report.violations).toEqual(['unanswered']);
  });

  it('measures the silence of every queue between its runs, and to the ends of the time', async () => {
    const subtract = { task: 'subtract', retval: 4.5 };
    const sent = { task: 'subtract' };
    const runs = [
      run('s', { ...subtract, at: from + 4000 }),
      run('s', { ...subtract, at: from + 9000, redelivered: true }),
    ];

    const { report } = await judge(
      [sending('s', sent), answered('s', 4.5)],
      runs,
      '--until',
      String(to + 2000),
    );

    expect(report.longestSilenceMs).toEqual({
      addition: 11_985, // from its only run at 15 ms on
      subtraction: 5000,
      multiplication: 12_000,
      division: 12_000,
    });
  });

  it('brings the records of several callers and services together', async () => {
    const folder = await folders.make({
      callers: { 'a.jsonl': [sending('a'), confirmed('a')], 'b.jsonl': [sending('b'), confirmed('b')] },
      tasks: { 'x.jsonl': [run('a')], 'y.jsonl': [run('b')], 'z.jsonl': [] },
    });

    const { code, output } = await check(folder);

    expect(JSON.parse(output)).toMatchObject({ sent: 2, executed: 2, torn: 0 });
    expect(code).toBe(0);
  });

  it('forgives a torn last line, as a killed process leaves it, and counts it', async () => {
    const tail = '{"at":1000030,"id":"we';
    const folder = await folders.make(
      { callers: { 'a.jsonl': well.calls }, tasks: { 'x.jsonl': well.runs } },
      tail,
    );

    const { code, output } = await check(folder, '--planned');

    expect(JSON.parse(output)).toMatchObject({ torn: 2, violations: [] });
    expect(code).toBe(0);
  });

  const someRuns = { 'x.jsonl': well.runs };
  const someCalls = { 'a.jsonl': well.calls };
  it.each([
    ['a torn line before others', { 'a.jsonl': ['{"at":10', ...well.calls] }, someRuns, /a\.jsonl:1: /],
    ['a line of another kind', { 'a.jsonl': [...well.calls, event('x', 'lost')] }, someRuns, /not an event/],
    ['a line that is no object', { 'a.jsonl': ['null'] }, someRuns, /not an event/],
    ['a sending without arguments', { 'a.jsonl': [sending('x', { args: 7 })] }, someRuns, /args/],
    ['a run without its flag', someCalls, { 'x.jsonl': [run('x', { redelivered: 'no' })] }, /redelivered/],
    ['a run without an end', someCalls, { 'x.jsonl': [run('x', { state: 'RETRY' })] }, /end of a run/],
    ['a confirm of nothing', { 'a.jsonl': [...well.calls, confirmed('x')] }, someRuns, /never sent/],
    [
      'an operand without a rule',
      { 'a.jsonl': [sending('x', { args: [{ num_1: 'abc', num_2: 1 }] })] },
      someRuns,
      /"abc"/,
    ],
    ['a task without a rule', { 'a.jsonl': [sending('x', { task: 'pow' })] }, someRuns, /"pow"/],
    ['no calls', {}, someRuns, /no caller recorded/],
    ['empty calls', { 'a.jsonl': [] }, someRuns, /no caller recorded/],
    ['no runs', someCalls, {}, /no task recorded/],
    [
      'no call of the time',
      { 'a.jsonl': [sending('x', { at: to })] },
      someRuns,
      /no call was first sent from 1000000/,
    ],
  ])('cannot judge records with %s', async (_what, callers, tasks, message) => {
    const folder = await folders.make({ callers, tasks });

    const { code, output, errors } = await check(folder);

    expect(errors).toMatch(message);
    expect(output).toBe('');
    expect(code).toBe(2);
  });

  it.each([
    [['--planned', '--fault'], /not both/],
    [['--until', String(from)], /--from < --to <= --until/],
    [['--until', 'later'], /--until must be ms since the epoch, got "later"/],
    [['--forgive'], /forgive/],
  ])('refuses the options %j', async (options, message) => {
    const folder = await folders.make({ callers: someCalls, tasks: someRuns });

    const { code, errors } = await check(folder, ...options);

    expect(errors).toMatch(message);
    expect(code).toBe(2);
  });
});
