import { decodeService, taskText } from './stack-services.ts';

const spec = (image: string): object => ({
  Name: 'celeriac_rabbitmq',
  TaskTemplate: {
    ContainerSpec: {
      Image: image,
      DNSConfig: {},
      Configs: [{ File: { Name: '/etc/rabbitmq/conf.d/20-celeriac.conf' }, ConfigName: 'celeriac_conf_1' }],
      Secrets: [{ File: { Name: 'broker_url' }, SecretName: 'celeriac_broker_url_1' }],
    },
  },
  Mode: { Replicated: { Replicas: 1 } },
});

describe('decodeService', () => {
  it('reads what a service is, was, and how its update went', () => {
    const service = decodeService('celeriac', {
      Spec: spec('rabbitmq:2') as never,
      PreviousSpec: spec('rabbitmq:1') as never,
      UpdateStatus: { State: 'completed', Message: 'update completed', StartedAt: 'then' },
    });
    expect(service).toMatchObject({
      name: 'rabbitmq',
      spec: {
        image: 'rabbitmq:2',
        replicas: 1,
        contents: [
          {
            kind: 'config',
            swarmName: 'celeriac_conf_1',
            target: '/etc/rabbitmq/conf.d/20-celeriac.conf',
          },
          { kind: 'secret', swarmName: 'celeriac_broker_url_1', target: 'broker_url' },
        ],
      },
      previous: { image: 'rabbitmq:1' },
      update: { state: 'completed', message: 'update completed', startedAt: 'then' },
    });
  });
});

describe('taskText', () => {
  it('is the same for a service and a task made from it, which leaves out what is empty', () => {
    const service = { ContainerSpec: { Image: 'a', DNSConfig: {} }, Resources: {}, ForceUpdate: 0 };
    const task = { ContainerSpec: { Image: 'a' }, Resources: {}, ForceUpdate: 0 };
    expect(taskText(service)).toBe(taskText(task));
  });

  it('differs where Swarm has a reason to replace the task', () => {
    const task = { ContainerSpec: { Image: 'a' }, ForceUpdate: 0 };
    expect(taskText({ ...task, ForceUpdate: 1 })).not.toBe(taskText(task));
    expect(taskText({ ContainerSpec: { Image: 'b' }, ForceUpdate: 0 })).not.toBe(taskText(task));
  });
});
