import { readJsonBody } from './json-body.ts';

describe('readJsonBody', () => {
  it('takes as many values as a call may have, and refuses one more before they are made', () => {
    const items = (count: number): Buffer =>
      Buffer.from(`[${Array.from({ length: count }, () => '[]').join()}]`);
    expect(readJsonBody(items(99_999))).toHaveLength(99_999);
    expect(() => readJsonBody(items(100_000))).toThrow(
      expect.objectContaining({ kind: 'body-too-large' }) as Error,
    );
  });
});
