import { deployVariables } from './deploy-variables.ts';
import { serviceSpec, stackService } from './testing/stack-service.ts';

const base = { stack: 'celeriac', tag: undefined, digests: {}, services: [], given: {} };

describe('deployVariables', () => {
  it('leaves a first deploy to the defaults of the stack files, but for the digests', () => {
    const digests = { BROKER_URL_DIGEST: '123456789abc' };
    expect(deployVariables({ ...base, digests })).toEqual(digests);
  });

  it('keeps the replicas that services have', () => {
    const services = [
      stackService('addition', { spec: serviceSpec({ replicas: 10 }) }),
      stackService('producer', { spec: serviceSpec({ replicas: 0 }) }),
      stackService('rabbitmq', { spec: serviceSpec({ replicas: 1 }) }),
    ];
    expect(deployVariables({ ...base, services })).toEqual({
      ADDITION_REPLICAS: '10',
      PRODUCER_REPLICAS: '0',
    });
  });

  it('leaves replicas to the operator who has set the variable', () => {
    const services = [stackService('addition'), stackService('division')];
    const given = { ADDITION_REPLICAS: '5', DIVISION_REPLICAS: '' };
    expect(deployVariables({ ...base, services, given })).toEqual({ DIVISION_REPLICAS: '2' });
  });

  it('passes a tag, and a name that is not the default', () => {
    expect(deployVariables({ ...base, stack: 'other', tag: '2' })).toEqual({
      CELERIAC_STACK: 'other',
      CELERIAC_TAG: '2',
    });
  });
});
