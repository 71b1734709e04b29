import { commandsForLab, inLab } from './documented-names.ts';

const names = {
  addresses: ['198.18.90.11', '198.18.90.12', '198.18.90.13'],
  producerAddress: '198.18.90.13',
  joinToken: 'SWMTKN-1-real-token',
  nextTag: '0.1.0-next',
};

describe('commandsForLab', () => {
  it.each([
    ['docker swarm init --advertise-addr 192.0.2.11', 'docker swarm init --advertise-addr 198.18.90.11'],
    [
      'docker swarm join --token SWMTKN-1-5qnlq-by9gp 192.0.2.11:2377',
      'docker swarm join --token SWMTKN-1-real-token 198.18.90.11:2377',
    ],
    ['docker node rm node-3', 'docker node rm n3'],
    ['curl http://192.0.2.11:8000/docs', 'curl http://198.18.90.13:8000/docs'],
    [
      'docker stack deploy --detach=true -c swarm-stack.yml -c swarm-stack.cluster.yml celeriac',
      'docker stack deploy --detach=true -c swarm-stack.yml -c swarm-stack.cluster.yml -c tools/swarm-campaign/stack.lab.yml celeriac',
    ],
    [
      'docker service update --image registry.example.com/celeriac/addition:0.1.1 celeriac_addition',
      'docker service update --image celeriac/addition:0.1.0-next celeriac_addition',
    ],
    ['export CELERIAC_IMAGE_PREFIX=registry.example.com/celeriac/', 'export CELERIAC_IMAGE_PREFIX=celeriac/'],
  ])('turns %j into %j', (documented, run) => {
    expect(commandsForLab(documented, names)).toBe(run);
  });

  it('leaves every other command as it is', () => {
    const script = 'docker service scale celeriac_addition=10\nnpm run --silent stack -- secrets\n';
    expect(commandsForLab(script, names)).toBe(script);
  });
});

describe('inLab', () => {
  it('has the hosts, addresses and images of the lab', () => {
    const line = 'node-2 192.0.2.12 registry.example.com/celeriac/addition:0.1.1 node-10';
    expect(inLab(line, names)).toBe('n2 198.18.90.12 celeriac/addition:0.1.0-next node-10');
  });
});
