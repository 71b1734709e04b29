/** What docker answers about a swarm with a few services, in the shapes of Docker 26. */
export interface AnsweredService {
  readonly name: string;
  readonly image?: string;
  readonly replicas?: number;
  readonly contents?: Readonly<Record<string, string>>;
  readonly hasPrevious?: boolean;
}

export interface AnsweredSwarm {
  readonly services?: readonly AnsweredService[];
  /** Labels `rabbitmq` of the nodes; the first is the engine that is asked. */
  readonly brokerLabels?: readonly string[];
}

/** Answers for `scriptedDocker`: all services run as they should. */
export function dockerAnswers({
  services = [],
  brokerLabels = ['1'],
}: AnsweredSwarm): Record<string, string> {
  const inspected = services.map(inspectedService);
  return {
    'info --format': JSON.stringify({ LocalNodeState: 'active', ControlAvailable: true, NodeID: 'node0' }),
    'node ls': brokerLabels.map((_, index) => `node${index}\n`).join(''),
    'node inspect': JSON.stringify(
      brokerLabels.map((label, index) => ({
        ID: `node${index}`,
        Description: { Hostname: `n${index + 1}` },
        Spec: { Labels: label === '' ? {} : { rabbitmq: label } },
      })),
    ),
    'service ls': services.map(({ name }) => `${name}\n`).join(''),
    'service inspect': JSON.stringify(inspected),
    ...Object.fromEntries(
      services.map(({ name }, index) => [
        `service inspect celeriac_${name}`,
        JSON.stringify([inspected[index]]),
      ]),
    ),
    'service ps': services.flatMap(taskLines).join('\n'),
    'inspect --type task': JSON.stringify(
      services.flatMap((service, index) =>
        taskIds(service).map((ID) => ({ ID, Spec: inspected[index]?.Spec.TaskTemplate })),
      ),
    ),
    'config ls': '',
    'secret ls': '',
  };
}

function inspectedService(service: AnsweredService): { readonly Spec: { readonly TaskTemplate: object } } {
  const { name, image = `celeriac/${service.name}:1@sha256:00`, replicas = 1, contents = {} } = service;
  const Spec = {
    Name: `celeriac_${name}`,
    TaskTemplate: {
      ContainerSpec: {
        Image: image,
        DNSConfig: {},
        Configs: Object.entries(contents).map(([target, ConfigName]) => ({
          File: { Name: target },
          ConfigName,
        })),
      },
      Resources: {},
      ForceUpdate: 0,
    },
    Mode: { Replicated: { Replicas: replicas } },
  };
  return { Spec, ...(service.hasPrevious === true ? { PreviousSpec: Spec } : {}) };
}

function taskIds({ name, replicas = 1 }: AnsweredService): readonly string[] {
  return Array.from({ length: replicas }, (_, slot) => `${name}-${slot + 1}`);
}

function taskLines(service: AnsweredService): readonly string[] {
  return taskIds(service).map((ID, slot) =>
    JSON.stringify({
      ID,
      Name: `celeriac_${service.name}.${slot + 1}`,
      Node: 'n1',
      DesiredState: 'Running',
      CurrentState: 'Running 3 seconds ago',
      Error: '',
    }),
  );
}
