/** A program for specs: an app that logs many lines, tells its parent when it has, and then waits for its stop. */
import { runApp } from '../run-app.ts';

/** Lines that the program logs: about 4 MB, many times what a pipe and the destination keep. */
export const lineCount = 20_000;

const filler = 'x'.repeat(100);

await runApp({
  name: 'chatty',
  create: ({ logger }) => {
    let finish: () => void = () => undefined;
    const done = new Promise<void>((resolve) => (finish = resolve));
    const keptAlive = setInterval(() => undefined, 60_000); // as a connection would
    let count = 0;
    function speak(): void {
      for (let burst = 0; burst < 500; burst++) logger.info({ count: count++, filler }, 'line');
      if (count < lineCount) setImmediate(speak);
      else process.send?.('all lines are logged');
    }
    return {
      isReady: true,
      done,
      start: () => {
        speak();
        return Promise.resolve();
      },
      stop: () => {
        logger.info({}, 'last line');
        clearInterval(keptAlive);
        process.disconnect();
        finish();
        return Promise.resolve();
      },
    };
  },
});
