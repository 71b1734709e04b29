/**
 * A path with what it says of the node name filled in.
 *
 * | expansion | for `w1@box.example.org` |
 * | --- | --- |
 * | `%p` | `w1@box.example.org` |
 * | `%n` | `w1` |
 * | `%h` | `box.example.org` |
 * | `%d` | `example.org` |
 * | `%%` | `%` |
 *
 * Anything else stays as it is. Source: Celery 5.7.0, celery/utils/nodenames.py `node_format`; `%i` and `%I`, a file for
 * each process of a pool, are for log files of the pool's processes, which we have none of.
 */
export function nodeFormat(path: string, nodeName: string): string {
  const at = nodeName.indexOf('@');
  const host = nodeName.slice(at + 1);
  const [, ...domain] = host.split('.');
  const meanings = new Map([
    ['p', nodeName],
    ['n', nodeName.slice(0, Math.max(at, 0))],
    ['h', host],
    ['d', domain.join('.')],
    ['%', '%'],
  ]);
  return path.replace(/%(.)/gs, (whole, letter: string) => meanings.get(letter) ?? whole);
}
