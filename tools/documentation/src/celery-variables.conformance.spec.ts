import { join } from 'node:path';

import { readSettings } from '@celeriac/app-shell';
import { skippedTitle } from '@celeriac/local-stack';

import { Program } from './program.ts';

const root = join(__dirname, '..', '..', '..');
const python = process.env['CELERIAC_TEST_PYTHON_NEWEST'];
const title = 'lets an app start with any variable that the newest Celery takes';

/** The variables of Celery's settings, and of the options of its commands. */
const program = `
from celery.app.defaults import DEFAULTS
from celery.bin.celery import celery
names = {"celery_" + name for name in DEFAULTS} | {"celery_app"}
def walk(command, prefix):
    names.update(f"{prefix}_{param.name}" for param in command.params if not param.envvar)
    for name, sub in getattr(command, "commands", {}).items():
        walk(sub, f"{prefix}_{name}")
walk(celery, "celery")
print(*sorted(name.upper() for name in names if name.replace("_", "").isalpha()), sep="\\n")
`;

describe("Celery's own variables", () => {
  if (python === undefined) {
    it.skip(skippedTitle(title, process.env['CELERIAC_TEST_PYTHON_SKIP_REASON']), () => undefined);
    return;
  }

  it(title, async () => {
    const env = { ...process.env, PYTHONWARNINGS: 'ignore', PROGRAM: program };
    const command = `"${python}" -c 'import os; exec(os.environ["PROGRAM"])'`;
    const names = (await new Program(command, { cwd: root, env }).finish()).trimEnd().split('\n');
    expect(names).toContain('CELERY_WORKER_LOGLEVEL');
    expect(names.length).toBeGreaterThan(200);
    const unknown = names.filter((name) => isUnknown(name));
    expect(unknown).toEqual([]);
  });
});

/** Whether the variable is refused for its name; its value may well be wrong. */
function isUnknown(name: string): boolean {
  try {
    readSettings({ [name]: '1' });
    return false;
  } catch (error) {
    return String(error).includes(`${name} is not a setting`);
  }
}
