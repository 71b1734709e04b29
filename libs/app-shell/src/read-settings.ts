import { ImproperlyConfiguredError } from '@celeriac/primitives';
import { readFileSync } from 'node:fs';
import { celeryVariables } from './celery-variables.ts';
import { maskUnparsedUrl } from './mask-credentials.ts';
import { nearestName } from './nearest-name.ts';
import { settingDefinitions, type SettingDefinition, type Settings } from './setting-definitions.ts';

/** Variables that must be settings of ours: a misspelt one is an error, not a setting silently left at its default. */
const ownNames = /^(?:CELERY|CELERIAC)_/;

/** Set by the test programs for the specs; workers that a spec starts inherit them. */
const testPrefix = 'CELERIAC_TEST_';

/** Of the stack files and of the image builds; whoever deploys may have them in the shell that an app is started from. */
const deploymentNames: ReadonlySet<string> = new Set([
  'CELERIAC_DOCKER_BUILD_FLAGS',
  'CELERIAC_IMAGE_PREFIX',
  'CELERIAC_PORT',
  'CELERIAC_STACK',
  'CELERIAC_TAG',
]);

const longestShown = 80;

const definitions: readonly SettingDefinition<unknown>[] = Object.values(settingDefinitions);

const knownNames: ReadonlySet<string> = new Set(
  definitions.flatMap(({ variable, isSecret }) =>
    isSecret === true ? [variable, `${variable}_FILE`] : [variable],
  ),
);

/**
 * Reads the settings from environment variables. An empty variable counts as unset.
 *
 * A setting that may carry a secret is also read from the file that `<variable>_FILE` names; line ends at the end of
 * the file are dropped.
 *
 * @throws ImproperlyConfiguredError listing every wrong variable, one on a line, with what is allowed. Credentials and
 * the content of files are never shown.
 */
export function readSettings(env: NodeJS.ProcessEnv = process.env): Settings {
  const problems: string[] = [];
  const settings = Object.fromEntries(
    Object.entries<SettingDefinition<unknown>>(settingDefinitions).map(([key, definition]) => {
      const reading = readSetting(definition, env);
      if ('problem' in reading) problems.push(reading.problem);
      return [key, 'problem' in reading ? undefined : reading.value];
    }),
  );
  problems.push(...unknownVariables(env));
  if (problems.length > 0) {
    const count = problems.length === 1 ? '1 setting is' : `${problems.length} settings are`;
    throw new ImproperlyConfiguredError(
      [`${count} wrong:`, ...problems.map((problem) => `  ${problem}`)].join('\n'),
    );
  }
  return settings as Settings; // each field was read by the parser of its own definition
}

type Reading = { readonly value: unknown } | { readonly problem: string };

function readSetting(definition: SettingDefinition<unknown>, env: NodeJS.ProcessEnv): Reading {
  const { variable, fallback, isSecret = false } = definition;
  const text = given(env[variable]);
  const file = isSecret ? given(env[`${variable}_FILE`]) : undefined;
  if (file !== undefined) {
    if (text !== undefined)
      return { problem: `${variable} and ${variable}_FILE are both set; keep one of them` };
    return readSecret(definition, file);
  }
  if (text === undefined) return { value: fallback };
  const value = definition.parser.parse(text);
  if (value !== undefined) return { value };
  return { problem: `${variable} must be ${definition.parser.allowed}, got ${shown(text, isSecret)}` };
}

function readSecret({ variable, parser }: SettingDefinition<unknown>, file: string): Reading {
  const subject = `${variable}_FILE names the file ${JSON.stringify(file)}, which`;
  let text: string;
  try {
    text = withoutLineEnds(readFileSync(file, 'utf8'));
  } catch (error) {
    return { problem: `${subject} cannot be read (${reasonOf(error)})` };
  }
  if (text === '') return { problem: `${subject} is empty` };
  const value = parser.parse(text);
  return value === undefined ? { problem: `${subject} must hold ${parser.allowed}` } : { value };
}

/**
 * Names of the variables that are set, mean something to Celery and have no use here, such as `CELERY_APP`: a reason for
 * a warning (docs/celery-settings.md says why each is of no use).
 */
export function unusedVariables(env: NodeJS.ProcessEnv): readonly string[] {
  return Object.keys(env)
    .filter((name) => celeryVariables.has(name) && !knownNames.has(name))
    .sort();
}

function unknownVariables(env: NodeJS.ProcessEnv): readonly string[] {
  return Object.keys(env)
    .filter((name) => ownNames.test(name) && !name.startsWith(testPrefix))
    .filter((name) => !knownNames.has(name) && !deploymentNames.has(name) && !celeryVariables.has(name))
    .sort()
    .map((name) => {
      const nearest = nearestName(name, knownNames);
      const remedy =
        nearest === undefined ? 'unset it (docs/settings.md lists all)' : `did you mean ${nearest}?`;
      return `${name} is not a setting; ${remedy}`;
    });
}

function withoutLineEnds(text: string): string {
  let end = text.length;
  while (end > 0 && ['\r', '\n'].includes(text.charAt(end - 1))) end--;
  return text.slice(0, end);
}

function given(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}

function shown(text: string, isSecret: boolean): string {
  const safe = isSecret ? maskUnparsedUrl(text) : text;
  return JSON.stringify(safe.length > longestShown ? `${safe.slice(0, longestShown)}…` : safe);
}

/** The system's code alone: its message would repeat the file's name. */
function reasonOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : String(error);
}
