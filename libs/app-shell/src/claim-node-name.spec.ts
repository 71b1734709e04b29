import { RecordingLogger, until } from '@celeriac/testing';
import { claimNodeName } from './claim-node-name.ts';

const onLinux = process.platform === 'linux' ? it : it.skip;

describe('claimNodeName', () => {
  const releases: (() => void)[] = [];
  const logger = new RecordingLogger();

  function claim(nodeName: string, brokerUrl: string): void {
    releases.push(claimNodeName({ nodeName, brokerUrl, logger }));
  }

  afterEach(() => {
    for (const release of releases.splice(0)) release();
  });

  onLinux('warns of a name that another worker of the broker has, until that is given up', async () => {
    const nodeName = `w${process.pid}@host`;
    claim(nodeName, 'amqp://a');
    claim(nodeName, 'amqp://b');
    claim(`other-${nodeName}`, 'amqp://a');
    claim(nodeName, 'amqp://a');
    await until(() => logger.lines.length > 0);
    expect(logger.lines).toMatchObject([{ level: 'warn', fields: { nodeName } }]);
    expect(logger.lines[0]?.message).toContain('another worker on this host has this node name');

    for (const release of releases.splice(0)) release();
    claim(nodeName, 'amqp://a');
    claim(nodeName, 'amqp://a');
    await until(() => logger.lines.length > 1);
    expect(logger.lines).toHaveLength(2);
  });
});
