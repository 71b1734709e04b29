import { waitUntil } from '@celeriac/local-stack';
import { queueNames, type Configuration } from './configuration.ts';
import type { Job, JobResult } from './job.ts';
import { LabError, type Lab } from './lab.ts';

/** Name of the stack. */
const stack = 'scaling';
const publisher = `${stack}_publisher`;

export interface MeasuredStackOptions {
  readonly lab: Lab;
  /** The image of main.ts, with its tag. */
  readonly image: string;
  /** Folder of the broker's secrets. */
  readonly secrets: string;
}

/** swarm-stack.yml with the waiting workers of stack.yml, on the lab. */
export class MeasuredStack {
  readonly #options: MeasuredStackOptions;
  #configuration: Configuration | undefined;

  constructor(options: MeasuredStackOptions) {
    this.#options = options;
  }

  /** Deploys the stack in a configuration; workers whose settings change are replaced. Resolves when all are healthy. */
  async configure(configuration: Configuration): Promise<void> {
    const { lab, image, secrets } = this.#options;
    const { virtualHost, queues, replicas, concurrency, multiplier } = configuration;
    const files = ['swarm-stack.yml', 'tools/scaling/stack.yml'].flatMap((file) => ['--compose-file', file]);
    await lab.docker(['stack', 'deploy', '--detach=true', ...files, stack], {
      CELERIAC_STACK: stack,
      SCALING_SECRETS: secrets,
      SCALING_VIRTUAL_HOST: virtualHost,
      SCALING_IMAGE: image,
      WAITING_CONCURRENCY: String(concurrency),
      WAITING_MULTIPLIER: String(multiplier),
      WAITING1_REPLICAS: String(replicas / queues),
      WAITING2_REPLICAS: String(queues === 1 ? 0 : replicas / queues),
      ADDITION_REPLICAS: '0',
      SUBTRACTION_REPLICAS: '0',
      MULTIPLICATION_REPLICAS: '0',
      DIVISION_REPLICAS: '0',
      PRODUCER_REPLICAS: '0',
    });
    this.#configuration = configuration;
    await lab.command(['wait', `${stack}_rabbitmq`, '1', '240']);
    for (const queue of queueNames(configuration)) {
      await lab.command(['wait', `${stack}_${queue}`, String(replicas / queues), '240']);
    }
  }

  /**
   * Runs the publisher to its end, on the manager and beside the broker.
   *
   * @throws LabError with the last lines that the publisher wrote when it fails
   */
  async run<K extends Job['kind']>(
    job: Omit<Extract<Job, { kind: K }>, 'queues' | 'consumers'> & { readonly kind: K },
  ): Promise<Extract<JobResult, { kind: K }>> {
    const { lab, image } = this.#options;
    const { configuration } = this;
    const complete = { ...job, queues: queueNames(configuration), consumers: configuration.replicas };
    await this.#removePublisher();
    await lab.docker([
      ...['service', 'create', '--quiet', '--detach', '--name', publisher, '--mode', 'replicated-job'],
      ...[
        '--restart-condition',
        'none',
        '--no-healthcheck',
        '--endpoint-mode',
        'dnsrr',
        '--network',
        `${stack}_broker`,
      ],
      ...['--secret', `source=${stack}_broker_url_${configuration.virtualHost},target=broker_url`],
      ...['--env', 'CELERY_BROKER_URL_FILE=/run/secrets/broker_url', '--constraint', 'node.role==manager'],
      ...['--read-only', '--cap-drop', 'ALL', image, JSON.stringify(complete)],
    ]);
    let state = '';
    await waitUntil(
      async () => {
        state = await lab.docker([
          'service',
          'ps',
          '--no-trunc',
          '--format',
          '{{.CurrentState}} {{.Error}}',
          publisher,
        ]);
        return /^(Complete|Failed|Rejected)/.test(state);
      },
      { what: 'the publisher has ended', timeoutMs: 600_000, intervalMs: 500 },
    );
    const output = await lab.docker(['service', 'logs', '--raw', publisher]);
    const line = output.split('\n').find((text) => text.startsWith(`{"kind":"${job.kind}"`));
    if (!state.startsWith('Complete') || line === undefined)
      throw new LabError(`the publisher: ${state}: ${output.slice(-2000)}`);
    await this.#removePublisher();
    return JSON.parse(line) as Extract<JobResult, { kind: K }>;
  }

  /** What an Erlang expression gives in the broker's node. */
  async evaluate(expression: string): Promise<string> {
    const { lab } = this.#options;
    const container = await lab.docker(['ps', '--quiet', '--filter', `name=${stack}_rabbitmq`]);
    return lab.docker(['exec', container, 'rabbitmqctl', 'eval', expression]);
  }

  /** @throws LabError before the first {@link configure} */
  get configuration(): Configuration {
    if (this.#configuration === undefined)
      throw new LabError('the stack has no configuration yet; call configure first');
    return this.#configuration;
  }

  async #removePublisher(): Promise<void> {
    const { lab } = this.#options;
    const names = await lab.docker(['service', 'ls', '--format', '{{.Name}}']);
    if (names.split('\n').includes(publisher)) await lab.docker(['service', 'rm', publisher]);
  }
}
