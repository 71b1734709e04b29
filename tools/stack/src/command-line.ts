import { parseArgs } from 'node:util';
import { parseScale, type Scale } from './scale.ts';
import type { StackKind } from './secret-contents.ts';
import { UsageError } from './stack-error.ts';

/** What all actions are told. */
export interface CommonOptions {
  /** Name of the stack. */
  readonly stack: string;
  /** Only print what would be changed. */
  readonly isPrintOnly: boolean;
  /** Longest wait for the services to run as they should. */
  readonly timeoutMs: number;
}

/** Which stack files there are to read, and the tag of our images. */
export interface StackFileOptions extends StackKind {
  /** Stack files besides the project's own. */
  readonly files: readonly string[];
  readonly tag: string | undefined;
}

export type Action =
  | { readonly action: 'build' }
  | { readonly action: 'secrets' }
  | { readonly action: 'certificates' }
  | ({ readonly action: 'pin' } & StackFileOptions)
  | ({ readonly action: 'deploy' } & StackFileOptions)
  | { readonly action: 'scale'; readonly scales: readonly Scale[] }
  | { readonly action: 'update'; readonly tag: string; readonly services: readonly string[] }
  | { readonly action: 'rollback'; readonly services: readonly string[] }
  | { readonly action: 'remove'; readonly withVolumes: boolean };

const options = {
  cluster: { type: 'boolean' },
  tls: { type: 'boolean' },
  file: { type: 'string', short: 'c', multiple: true },
  tag: { type: 'string' },
  volumes: { type: 'boolean' },
  name: { type: 'string' },
  timeout: { type: 'string' },
  print: { type: 'boolean' },
} as const;

type OptionName = keyof typeof options;

/** Which options an action takes besides the common ones, and whether words follow it. */
const takes: Readonly<Record<Action['action'], { options: readonly OptionName[]; words: boolean }>> = {
  build: { options: [], words: false },
  secrets: { options: [], words: false },
  certificates: { options: [], words: false },
  pin: { options: ['cluster', 'tls', 'file', 'tag'], words: false },
  deploy: { options: ['cluster', 'tls', 'file', 'tag'], words: false },
  scale: { options: [], words: true },
  update: { options: ['tag'], words: true },
  rollback: { options: [], words: true },
  remove: { options: ['volumes'], words: false },
};

const common: readonly OptionName[] = ['name', 'timeout', 'print'];

/** @throws UsageError saying what is wrong with the arguments */
export function parseCommandLine(args: readonly string[]): Action & CommonOptions {
  const { values, positionals } = parseOptions(args);
  const [action, ...words] = positionals;
  if (action === undefined) throw new UsageError('an action is missing');
  if (!isAction(action)) throw new UsageError(`there is no action "${action}"`);
  const allowed = [...takes[action].options, ...common];
  const stranger = (Object.keys(values) as OptionName[]).find((name) => !allowed.includes(name));
  if (stranger !== undefined) throw new UsageError(`${action} has no option --${stranger}`);
  if (!takes[action].words && words.length > 0) {
    throw new UsageError(`${action} takes no "${words.join(' ')}"`);
  }
  return {
    stack: stackName(values.name),
    isPrintOnly: values.print ?? false,
    timeoutMs: timeoutMs(values.timeout),
    ...specific(),
  };

  function stackFileOptions(): StackFileOptions {
    return {
      isCluster: values.cluster ?? false,
      isTls: values.tls ?? false,
      files: values.file ?? [],
      tag: values.tag,
    };
  }

  function specific(): Action {
    switch (action as Action['action']) {
      case 'build':
        return { action: 'build' };
      case 'secrets':
        return { action: 'secrets' };
      case 'certificates':
        return { action: 'certificates' };
      case 'pin':
        return { action: 'pin', ...stackFileOptions() };
      case 'deploy':
        return { action: 'deploy', ...stackFileOptions() };
      case 'scale':
        if (words.length === 0) throw new UsageError('scale needs SERVICE=N, such as addition=10');
        return { action: 'scale', scales: words.map(parseScale) };
      case 'update':
        if (values.tag === undefined) throw new UsageError('update needs --tag, the tag of the new images');
        return { action: 'update', tag: values.tag, services: words };
      case 'rollback':
        return { action: 'rollback', services: words };
      case 'remove':
        return { action: 'remove', withVolumes: values.volumes ?? false };
    }
  }
}

function parseOptions(
  args: readonly string[],
): ReturnType<typeof parseArgs<{ options: typeof options; allowPositionals: true }>> {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error });
  }
}

function isAction(text: string): text is Action['action'] {
  return Object.hasOwn(takes, text);
}

/** The stack's name is part of the names of its secrets, which have at most 64 characters. */
function stackName(text = 'celeriac'): string {
  if (/^[a-z0-9][a-z0-9_-]{0,23}$/.test(text)) return text;
  throw new UsageError(`--name must be at most 24 of a-z, 0-9, - and _, got "${text}"`);
}

function timeoutMs(text = '900'): number {
  const seconds = Number(text);
  if (Number.isFinite(seconds) && seconds > 0) return seconds * 1000;
  throw new UsageError(`--timeout must be a number of seconds above 0, got "${text}"`);
}
