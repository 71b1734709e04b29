import { join } from 'node:path';
import { brokerUrl } from './environment.ts';
import { workspaceRoot } from './workspace-root.ts';

/** Folder of the Python side: the calculator and the drivers. */
export function pythonFolder(): string {
  return join(workspaceRoot(), 'conformance', 'python');
}

/** What every Python process of the specs runs with. */
export function pythonEnvironment(): Record<string, string> {
  return {
    CELERY_BROKER_URL: brokerUrl(),
    PYTHONPATH: pythonFolder(),
    PYTHONDONTWRITEBYTECODE: '1',
    PYTHONUNBUFFERED: '1',
    // Celery warns of running as root at every start
    PYTHONWARNINGS: 'ignore',
  };
}
