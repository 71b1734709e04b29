import { runApp } from '@celeriac/app-shell';

import { ProducerApp } from './producer-app.ts';

await runApp({ name: 'producer', create: (context) => new ProducerApp(context) });
