import { readSettings, type Settings } from '@celeriac/app-shell';
import { ImproperlyConfiguredError } from '@celeriac/primitives';
import { Option, type Command } from 'commander';
import { UsageError } from './command-errors.ts';
import type { CommandFrame } from './command-frame.ts';

/** An option that stands for a setting: it has the setting's type, and wins over its environment variable. */
export class SettingOption extends Option {
  readonly variable: string;

  /**
   * @param variable the setting's environment variable
   * @param toSetting makes the variable's text of the option's
   */
  constructor(
    flags: string,
    description: string,
    variable: string,
    toSetting = (text: string): string => text,
  ) {
    super(flags, description);
    this.variable = variable;
    this.argParser((text: string) => checkedSetting(flags, variable, toSetting(text)));
  }
}

/** The settings of the environment and of the options of a command, its parents' included. */
export function settingsOf({ host }: CommandFrame, command: Command): Settings {
  return readSettings(environmentOf(host.env, command));
}

/** The environment, with what options say in place of its variables. */
export function environmentOf(env: NodeJS.ProcessEnv, command: Command): NodeJS.ProcessEnv {
  const merged = { ...env };
  for (let each: Command | null = command; each !== null; each = each.parent) {
    for (const option of each.options) {
      const value: unknown = each.getOptionValue(option.attributeName());
      if (!(option instanceof SettingOption) || typeof value !== 'string') continue;
      merged[option.variable] = value;
      const file = `${option.variable}_FILE`;
      if (merged[file] !== undefined) merged[file] = ''; // unset: both would contradict each other
    }
  }
  return merged;
}

/** @throws UsageError when the setting does not take the value; a secret in it is not shown */
function checkedSetting(flags: string, variable: string, value: string): string {
  if (value === '') throw new UsageError(`option '${flags}' must not be empty`);
  try {
    readSettings({ [variable]: value });
  } catch (error) {
    if (!(error instanceof ImproperlyConfiguredError)) throw error;
    const problem = error.message.split('\n').at(-1)?.trim() ?? ''; // the first line counts them
    throw new UsageError(`option '${flags}': ${problem}`, { cause: error });
  }
  return value;
}
