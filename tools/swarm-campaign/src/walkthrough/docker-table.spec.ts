import { cellsOf, columnsOf } from './docker-table.ts';

const header = 'ID        NAME   CURRENT STATE   PORTS';

describe('columnsOf', () => {
  it('takes headings of several words', () => {
    expect(columnsOf(header)?.map(({ heading }) => heading)).toEqual([
      'ID',
      'NAME',
      'CURRENT STATE',
      'PORTS',
    ]);
  });

  it.each(['ready', 'READY', 'Node left the swarm.', '7zx   celeriac_addition'])(
    'takes %j for no headings',
    (line) => {
      expect(columnsOf(line)).toBeUndefined();
    },
  );
});

describe('cellsOf', () => {
  const columns = columnsOf(header) ?? [];

  it('keeps empty cells apart', () => {
    expect(cellsOf(columns, 'abc       x                      8000')).toEqual(['abc', 'x', '', '8000']);
  });

  it.each(['Node left the swarm.', 'Done 10', ''])('takes %j for no row', (line) => {
    expect(cellsOf(columns, line)).toBeUndefined();
  });
});
