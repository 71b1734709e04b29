import { decodeTask } from './service-tasks.ts';

describe('decodeTask', () => {
  it('reads a task that was replaced, as docker draws it', () => {
    const task = {
      ID: 'id',
      Name: ' \\_ celeriac_addition.12',
      Node: 'n2',
      DesiredState: 'Shutdown',
      CurrentState: 'Rejected 3 minutes ago',
      Error: 'No such image: celeriac/addition:9',
    };
    expect(decodeTask('celeriac', task)).toEqual({
      id: 'id',
      service: 'addition',
      node: 'n2',
      isWanted: false,
      state: 'Rejected',
      error: 'No such image: celeriac/addition:9',
    });
  });

  it('reads a task of a global service', () => {
    const task = { Name: 'celeriac_agent.7sabdmlz7igpj23g9i498vczy', DesiredState: 'Running' };
    expect(decodeTask('celeriac', task)).toMatchObject({ service: 'agent', isWanted: true });
  });
});
