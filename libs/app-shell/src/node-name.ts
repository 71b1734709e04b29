import { hostname as machineName } from 'node:os';

const expansion = /%(.?)/gs;

/** What `resolveNodeName` expands, for error messages and documents. */
export const nodeNameExpansions: readonly string[] = ['%h', '%n', '%d', '%%'];

/** The expansions in a node name that mean nothing, such as `%x`; a valid name has none. */
export function unknownExpansions(format: string): readonly string[] {
  return [...format.matchAll(expansion)]
    .map(([whole]) => whole)
    .filter((whole) => !nodeNameExpansions.includes(whole));
}

/**
 * The name under which a worker is known, `name@host`.
 *
 * | format | on the machine `box.example.org`, queue `addition` |
 * | --- | --- |
 * | undefined | `addition@box.example.org` |
 * | `w1@%h` | `w1@box.example.org` |
 * | `w1@%n` / `w1@%d` | `w1@box` / `w1@example.org` |
 * | `w1.%h` | `celery@w1.box.example.org`: without `@` it is the host half, and the name is `celery` |
 * | `w1@` | `w1@box.example.org` |
 *
 * Source: Celery 5.7.0, celery/utils/nodenames.py `default_nodename` and `host_format`, called by celery/bin/worker.py
 * `worker`; the default with the queue's name is ours.
 *
 * @param host the machine's name, by default as the operating system has it
 */
export function resolveNodeName(
  format: string | undefined,
  queue: string,
  host: string = machineName(),
): string {
  if (format === undefined) return `${queue}@${host}`;
  const at = format.indexOf('@');
  const name = format.slice(0, Math.max(at, 0)) || 'celery';
  const whole = `${name}@${format.slice(at + 1) || host}`;
  return expand(whole, host, host.split('.', 1)[0]);
}

/**
 * A path that names the node, so that workers that share a folder have files of their own.
 *
 * | expansion | for `w1@box.example.org` |
 * | --- | --- |
 * | `%p` | `w1@box.example.org` |
 * | `%n` | `w1` |
 * | `%h` | `box.example.org` |
 * | `%d` | `example.org` |
 * | `%%` | `%` |
 *
 * Source: Celery 5.7.0, celery/utils/nodenames.py `node_format`, called by celery/bin/worker.py `worker`. `%i` and `%I`, a
 * file for each process of a pool, are for log files of those, which there are none of here.
 */
export function expandNodePath(path: string, nodeName: string): string {
  const at = nodeName.indexOf('@');
  return expand(path, nodeName.slice(at + 1), nodeName.slice(0, Math.max(at, 0)), [['p', nodeName]]);
}

function expand(
  format: string,
  host: string,
  name = '',
  others: readonly (readonly [string, string])[] = [],
): string {
  const meanings = new Map([
    ...others,
    ['h', host],
    ['n', name],
    ['d', host.split('.').slice(1).join('.')],
    ['%', '%'],
  ]);
  return format.replace(expansion, (unknown, letter: string) => meanings.get(letter) ?? unknown);
}
