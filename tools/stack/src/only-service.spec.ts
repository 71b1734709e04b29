import { parse } from 'yaml';
import { onlyService } from './only-service.ts';

// as `docker stack config` of Docker 26 writes it
const stackConfig = `version: "3.12"
services:
  producer:
    image: celeriac/producer:0.1.0
  rabbitmq2:
    image: rabbitmq:4-management
    deploy:
      resources:
        limits:
          cpus: "2"
          memory: "1073741824"
    secrets:
    - source: erlang_cookie
      target: /var/lib/rabbitmq/.erlang.cookie
      uid: "999"
      mode: 256
secrets:
  erlang_cookie:
    name: celeriac_erlang_cookie_2db5f209ed99
    file: /x/secrets/erlang_cookie
`;

describe('onlyService', () => {
  it('keeps one service as it is, and what services share', () => {
    const whole = parse(stackConfig) as { services: Record<string, unknown> };
    expect(parse(onlyService(stackConfig, 'rabbitmq2'))).toEqual({
      ...whole,
      services: { rabbitmq2: whole.services['rabbitmq2'] },
    });
  });

  it('keeps text that looks like a number', () => {
    expect(onlyService(stackConfig, 'rabbitmq2')).toContain('cpus: "2"');
  });
});
