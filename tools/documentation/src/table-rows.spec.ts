import { tableRows } from './table-rows.ts';

describe('tableRows', () => {
  it('gives the cells below the header', () => {
    const page = 'Text | no table\n\n| a   | b |\n| --- | - |\n| `x` | y z |\n';
    expect(tableRows(page)).toEqual([['x', 'y z']]);
  });
});
