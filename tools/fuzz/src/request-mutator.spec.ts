import { Random } from './random.ts';
import { RequestMutator } from './request-mutator.ts';

const operations = [
  {
    method: 'POST',
    path: '/tasks/{name}',
    parameters: [{ name: 'name', in: 'path', example: 'add' }],
    body: { args: [1], kwargs: {} },
  },
  {
    method: 'GET',
    path: '/create_tasks/{count}',
    parameters: [{ name: 'count', in: 'path', example: 10 }],
    body: undefined,
  },
];

function requests(seed: number, count: number): ReturnType<RequestMutator['next']>[] {
  const mutator = new RequestMutator(operations, new Random(seed));
  return Array.from({ length: count }, () => mutator.next());
}

describe('RequestMutator', () => {
  it('makes the same requests for the same seed', () => {
    expect(requests(1, 50)).toEqual(requests(1, 50));
  });

  it('frames what it calls whole: the head says how long the body is', () => {
    for (const { bytes, isWhole } of requests(1, 2000)) {
      if (!isWhole) continue;
      const end = bytes.indexOf('\r\n\r\n');
      const length = /Content-Length: (\d+)/.exec(bytes.subarray(0, end).toString('latin1'))?.[1];
      expect(Number(length)).toBe(bytes.length - end - 4);
    }
  });

  it('makes good requests too, and unfinished ones', () => {
    const made = requests(1, 2000);
    expect(
      made.filter(({ bytes }) => bytes.toString('latin1').startsWith('POST /tasks/add HTTP/1.1')).length,
    ).toBeGreaterThan(200);
    expect(made.filter(({ isWhole }) => !isWhole).length).toBeGreaterThan(50);
  });

  it('never asks for more than some tens of calls at once', () => {
    for (const { bytes } of requests(2, 5000)) {
      const count = /create_tasks\/(\d+) /.exec(bytes.subarray(0, 100).toString('latin1'))?.[1];
      if (count !== undefined && count.length < 8) expect(Number(count)).toBeLessThanOrEqual(20);
    }
  });
});
