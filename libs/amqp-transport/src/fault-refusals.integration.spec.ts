import { FaultProxy } from '@celeriac/testing';
import { connect, type ChannelModel } from 'amqplib';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';

/** A client that does what older ones do. */
describe('a broker that refuses what RabbitMQ 4.3 refuses', () => {
  let proxy: FaultProxy;
  const models: ChannelModel[] = [];

  beforeEach(async () => {
    const url = new URL(brokerUrl());
    proxy = await FaultProxy.listen(
      { host: url.hostname, port: Number(url.port) || 5672 },
      { refusals: 'rabbitmq-4.3' },
    );
  });

  afterEach(async () => {
    await Promise.all(models.splice(0).map((model) => model.close().catch(() => undefined))); // most are closed already
    await proxy.close();
  });

  function brokerUrl(): string {
    const url = process.env['CELERIAC_TEST_BROKER_URL'];
    if (url === undefined) throw new Error('CELERIAC_TEST_BROKER_URL is unset; run `npm test`');
    return url;
  }

  async function open(parameters = ''): Promise<ChannelModel> {
    const url = new URL(brokerUrl());
    url.host = `127.0.0.1:${String(proxy.port)}`;
    const model = await connect(`${url.href}${parameters}`);
    models.push(model);
    return model;
  }

  /** The error with which the broker closes the connection. */
  async function closedWith(model: ChannelModel, operation: Promise<unknown>): Promise<Error> {
    const [[error]] = await Promise.all([
      once(model, 'error') as Promise<[Error]>,
      expect(operation).rejects.toThrow(),
    ]);
    return error;
  }

  it('closes the connection that declares a transient queue for all, with 541, and closes it at the broker', async () => {
    const model = await open();
    const channel = await model.createChannel();
    channel.on('error', () => undefined);
    const queue = `celeriac-spec-${randomUUID()}`;
    const error = await closedWith(model, channel.assertQueue(queue, { durable: false, exclusive: false }));
    expect(error).toMatchObject({ code: 541 });
    expect(error.message).toContain('`transient_nonexcl_queues` is deprecated');

    const again = await (await open()).createChannel();
    again.on('error', () => undefined);
    await expect(again.checkQueue(queue)).rejects.toMatchObject({ code: 404 });
  });

  it('closes the connection that wants global QoS, with 540', async () => {
    const model = await open();
    const channel = await model.createChannel();
    channel.on('error', () => undefined);
    expect(await closedWith(model, channel.prefetch(10, true))).toMatchObject({ code: 540 });
  });

  it('resets the connection that wants frames smaller than 8192 bytes, as any RabbitMQ does below 4096', async () => {
    const refused = 'ECONNRESET'; // after three seconds of silence
    await expect(connect(`${brokerUrl()}?frameMax=4095`)).rejects.toThrow(refused);
    await expect(open('?frameMax=8191')).rejects.toThrow(refused);
  });

  it('takes what RabbitMQ 4.3 takes', async () => {
    const channel = await (await open('?frameMax=8192')).createChannel();
    await channel.prefetch(10, false);
    const { queue } = await channel.assertQueue('', { durable: false, exclusive: true });
    expect(await channel.checkQueue(queue)).toMatchObject({ messageCount: 0 });
  });
});
