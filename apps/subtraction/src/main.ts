import { runWorkerApp } from '@celeriac/app-shell';

import { tasks } from './tasks.ts';

await runWorkerApp(tasks, { tasksModule: new URL('./tasks.js', import.meta.url) });
