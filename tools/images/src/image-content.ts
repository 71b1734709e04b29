/** What probes/content.mjs prints. */
export interface ImageContent {
  /** Size of /app. */
  readonly payloadBytes: number;
  /** Files that may be executed. */
  readonly programs: readonly string[];
  readonly setuid: readonly string[];
  /** What the app's user could change. */
  readonly writable: readonly string[];
  /** Package URLs of the bill of materials. */
  readonly components: readonly string[];
}

/** Largest /app, in bytes. */
const mostPayloadBytes = 10e6;

/** What is wrong with an image, by what lies in it: no program but node and the loader, and a bill that names the client. */
export function contentProblems(content: ImageContent): string[] {
  const { payloadBytes, programs, setuid, writable, components } = content;
  const problems: string[] = [];
  if (payloadBytes >= mostPayloadBytes) {
    problems.push(`/app has ${payloadBytes} bytes, and shall have less than ${mostPayloadBytes}`);
  }
  const others = programs.filter((path) => path !== '/usr/local/bin/node' && !/\/ld-[^/]+$/.test(path));
  if (others.length > 0) problems.push(`it has programs beside node: ${others.join(', ')}`);
  if (setuid.length > 0) problems.push(`it has files that give their owner's rights: ${setuid.join(', ')}`);
  if (writable.length > 0) problems.push(`its user may change ${writable.join(', ')}`);
  for (const needed of ['pkg:npm/amqplib@', 'pkg:generic/node@', 'pkg:deb/debian/libc6@']) {
    if (!components.some((purl) => purl.startsWith(needed))) {
      problems.push(`its bill of materials has no ${needed}`);
    }
  }
  return problems;
}
