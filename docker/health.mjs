/**
 * The health check of the images, at /app/health.js: asks the app over loopback. Nothing of the app is loaded, and no
 * broker is asked.
 *
 * usage: node /app/health.js [startup|live|ready]   exit code 0: it is (started, unless told otherwise); 1: not, and why
 */
import process from 'node:process';

// not imported: that would load all that node:http has, WebSocket too, and double the cost of a check that runs for ever
const { get } = process.getBuiltinModule('node:http');
const timeoutMs = 3000;
const probe = process.argv[2] ?? 'startup';
const port = process.env.CELERIAC_HEALTH_PORT;

function unhealthy(reason) {
  process.stdout.write(`not ${probe}: ${reason}\n`);
  process.exit(1);
}

if (!['startup', 'live', 'ready'].includes(probe))
  unhealthy(`the probe is startup, live or ready, not ${JSON.stringify(probe)}`);
if (!port) unhealthy('CELERIAC_HEALTH_PORT is not set, so the app has no health server');

const url = `http://127.0.0.1:${port}/health/${probe}`;
get(url, { timeout: timeoutMs, agent: false }, (response) => {
  response.resume();
  if (response.statusCode !== 200) unhealthy(`${url} answered ${response.statusCode}`);
})
  .on('timeout', () => unhealthy(`${url} has not answered within ${timeoutMs} ms`))
  .on('error', (error) => unhealthy(`${url}: ${error.message}`));
