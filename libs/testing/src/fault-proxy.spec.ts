import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { encodeFrame, FieldReader, FRAME_HEARTBEAT, PROTOCOL_HEADER } from './amqp-frames.ts';
import { brokerMethods } from './amqp-methods.ts';
import { FaultProxy, type FaultProxyOptions } from './fault-proxy.ts';
import type { ProxiedFrame } from './proxied-frame.ts';
import {
  basicAck,
  methodFrame,
  publishFrames,
  qos,
  queueDeclare,
  tuneOk,
  WireServer,
  WireSide,
} from './wire-side.ts';
import { until } from './until.ts';

const heartbeat = encodeFrame({ type: FRAME_HEARTBEAT, channel: 0, payload: Buffer.alloc(0) });
const publish = Buffer.concat(publishFrames(1, 'addition', Buffer.from('[[7, 2], {}, {}]'), 9));
const ack = (tag: number): Buffer => methodFrame(1, basicAck(tag));
const closeOk = brokerMethods.connectionCloseOk();
const onPublish = { direction: 'to-broker', method: 'basic.publish', routingKey: 'addition' } as const;

describe('FaultProxy', () => {
  let broker: WireServer;
  let proxy: FaultProxy;
  let client: WireSide;

  async function open(options: FaultProxyOptions = {}): Promise<void> {
    proxy = await FaultProxy.listen({ host: '127.0.0.1', port: broker.port }, options);
    client = await connect();
    await until(() => broker.sides[0]?.heardBytes === PROTOCOL_HEADER.length);
  }

  async function connect(): Promise<WireSide> {
    const side = await WireSide.connect(proxy.port);
    side.socket.write(PROTOCOL_HEADER);
    return side;
  }

  /** What the broker has heard after the protocol header. */
  const heardByBroker = (): Buffer => broker.side.heard.subarray(PROTOCOL_HEADER.length);

  beforeEach(async () => {
    broker = await WireServer.listen();
  });

  afterEach(async () => {
    client.socket.destroy();
    await proxy.close();
    await broker.close();
  });

  it('carries both directions unchanged, big frames in small chunks too', async () => {
    await open();
    const big = Buffer.concat(publishFrames(1, 'addition', randomBytes(8 << 20), 131_064));
    for (let at = 0; at < big.length; at += 10_007) client.socket.write(big.subarray(at, at + 10_007));
    broker.side.socket.write(Buffer.concat([ack(1), big]));
    await until(
      () => heardByBroker().length >= big.length && client.heardBytes >= big.length + ack(1).length,
      {
        timeoutMs: 30_000,
      },
    );
    expect(heardByBroker().equals(big)).toBe(true);
    expect(client.heard.equals(Buffer.concat([ack(1), big]))).toBe(true);
  });

  it('tells of each frame, and which message the content belongs to', async () => {
    const frames: ProxiedFrame[] = [];
    await open({ onFrame: (frame) => frames.push(frame) });
    const [method, header, ...bodies] = publishFrames(1, 'addition', Buffer.alloc(20), 10);
    const otherChannel = Buffer.concat(publishFrames(2, 'division', Buffer.alloc(0)));
    client.socket.write(
      Buffer.concat([method ?? heartbeat, otherChannel, header ?? heartbeat, heartbeat, ...bodies]),
    );
    await until(() => frames.length === 8);
    expect(
      frames.map(({ method: name, part, routingKey, isLast }) => [name, part, routingKey, isLast]),
    ).toEqual([
      ['protocol-header', 'method', undefined, true],
      ['basic.publish', 'method', 'addition', false],
      ['basic.publish', 'method', 'division', false],
      ['basic.publish', 'header', 'division', true],
      ['basic.publish', 'header', 'addition', false],
      ['heartbeat', 'method', undefined, true],
      ['basic.publish', 'body', 'addition', false],
      ['basic.publish', 'body', 'addition', true],
    ]);
  });

  it('passes the end of a side on, after what came of its last frame', async () => {
    await open();
    client.socket.end(Buffer.concat([ack(1), publish.subarray(0, 30)]));
    await until(() => broker.side.isOver);
    expect(heardByBroker()).toEqual(Buffer.concat([ack(1), publish.subarray(0, 30)]));
    await until(() => proxy.openConnections.length === 0);
  });

  describe('cut', () => {
    it('forwards exactly so many bytes of a message, for each number there is', async () => {
      for (let afterBytes = 0; afterBytes <= publish.length; afterBytes++) {
        const sides = broker.sides.length;
        if (sides === 0) await open();
        else {
          client.socket.destroy();
          client = await connect();
          await until(() => broker.sides.length === sides + 1);
        }
        const cut = proxy.inject({ on: onPublish, fault: { kind: 'cut', afterBytes } });
        client.socket.write(Buffer.concat([heartbeat, publish, ack(2)]));
        const side = broker.sides.at(-1) ?? broker.side;
        await until(() => side.isOver && client.isOver);
        const expected = Buffer.concat([PROTOCOL_HEADER, heartbeat, publish.subarray(0, afterBytes)]);
        expect(side.heard).toEqual(expected);
        expect((await cut.done).forwardedBytes).toBe(afterBytes);
      }
      expect(broker.sides).toHaveLength(publish.length + 1);
    });

    it('takes one frame of a message where the part is given, and the occurrence that is', async () => {
      await open();
      const cut = proxy.inject({
        on: { ...onPublish, part: 'body' },
        occurrence: 3,
        fault: { kind: 'cut', afterBytes: 2 },
      });
      client.socket.write(Buffer.concat([publish, publish]));
      await until(() => broker.side.isOver);
      // two bodies in the first; of the second the method, the content header and two bytes
      const [method, header] = publishFrames(1, 'addition', Buffer.from('[[7, 2], {}, {}]'), 9);
      const upTo = publish.length + (method?.length ?? 0) + (header?.length ?? 0) + 2;
      expect(heardByBroker()).toEqual(Buffer.concat([publish, publish]).subarray(0, upTo));
      expect(cut.report).toEqual({ connection: 1, forwardedBytes: 2 });
    });

    it('cuts behind a message that is shorter', async () => {
      await open();
      const cut = proxy.inject({
        on: { direction: 'to-client', method: 'basic.ack' },
        fault: { kind: 'cut', afterBytes: 1000 },
      });
      broker.side.socket.write(Buffer.concat([ack(1), ack(2)]));
      await until(() => client.isOver);
      expect(client.heard).toEqual(ack(1));
      expect(cut.report?.forwardedBytes).toBe(ack(1).length);
    });

    it('leaves other queues, directions and connections alone, and ends when it is withdrawn', async () => {
      await open();
      const cuts = [
        proxy.inject({ on: { ...onPublish, routingKey: 'division' }, fault: { kind: 'cut', afterBytes: 0 } }),
        proxy.inject({ on: { ...onPublish, direction: 'to-client' }, fault: { kind: 'cut', afterBytes: 0 } }),
        proxy.inject({ on: { ...onPublish, connection: 2 }, fault: { kind: 'cut', afterBytes: 0 } }),
      ];
      const withdrawn = proxy.inject({ on: onPublish, fault: { kind: 'cut', afterBytes: 0 } });
      withdrawn.withdraw();
      client.socket.write(publish);
      await until(() => heardByBroker().length === publish.length);
      expect([...cuts, withdrawn].map(({ report }) => report)).toEqual([
        undefined,
        undefined,
        undefined,
        undefined,
      ]);
    });
  });

  it('delays a frame, and keeps what is behind it in order', async () => {
    await open();
    const delayed = proxy.inject({ on: onPublish, fault: { kind: 'delay', ms: 150 } });
    const before = performance.now();
    client.socket.write(Buffer.concat([ack(1), publish, ack(2)]));
    await delayed.done;
    expect(heardByBroker()).toHaveLength(0); // even the ack is still on its way to it
    await until(() => heardByBroker().length === ack(1).length);
    broker.side.socket.write(ack(9));
    await until(() => client.heardBytes === ack(9).length); // the other direction does not wait
    await until(() => heardByBroker().length === publish.length + 2 * ack(1).length);
    expect(performance.now() - before).toBeGreaterThanOrEqual(149);
    expect(heardByBroker()).toEqual(Buffer.concat([ack(1), publish, ack(2)]));
  });

  it('corrupts one byte of a message', async () => {
    await open();
    proxy.inject({ on: onPublish, fault: { kind: 'corrupt', byte: publish.length - 1 } });
    proxy.inject({ on: { method: 'basic.ack' }, fault: { kind: 'corrupt', byte: 999 } });
    client.socket.write(Buffer.concat([publish, publish, ack(1)]));
    await until(() => heardByBroker().length === 2 * publish.length + ack(1).length);
    const expected = Buffer.concat([publish, publish, ack(1)]);
    for (const at of [publish.length - 1, expected.length - 1]) expected[at] = 0xce ^ 0xff;
    expect(heardByBroker()).toEqual(expected);
  });

  describe('blackhole', () => {
    it('lets neither frames nor ends through, and delivers them after the restoration', async () => {
      await open();
      proxy.blackhole();
      client.socket.end(ack(1));
      broker.side.socket.write(ack(2));
      const late = await connect();
      await until(() => broker.sides.length === 2);
      late.socket.write(ack(3));
      // what goes around the proxy arrives, so that what went into it would have
      const direct = await WireSide.connect(broker.port);
      direct.socket.write(ack(4));
      await until(() => broker.sides[2]?.heardBytes === ack(4).length);
      direct.socket.destroy();
      expect([heardByBroker().length, broker.sides[1]?.heardBytes, client.heardBytes]).toEqual([0, 0, 0]);
      expect([broker.side.isOver, client.isOver]).toEqual([false, false]);
      proxy.restore();
      await until(() => broker.side.isOver && client.heardBytes > 0);
      expect([heardByBroker(), client.heard]).toEqual([ack(1), ack(2)]);
      await until(() => broker.sides[1]?.heardBytes === PROTOCOL_HEADER.length + ack(3).length);
      late.socket.destroy();
    });

    it('begins with a frame, in one direction', async () => {
      await open();
      const begun = proxy.inject({
        on: onPublish,
        fault: { kind: 'blackhole', direction: 'to-broker' },
      });
      client.socket.write(Buffer.concat([ack(1), publish, ack(2)]));
      await begun.done;
      broker.side.socket.write(ack(3));
      await until(() => client.heardBytes > 0 && heardByBroker().length > 0);
      expect([heardByBroker(), client.heard]).toEqual([ack(1), ack(3)]);
      proxy.restore();
      await until(() => heardByBroker().length === publish.length + 2 * ack(1).length);
      expect(heardByBroker()).toEqual(Buffer.concat([ack(1), publish, ack(2)]));
    });
  });

  it('says a method in the name of the broker', async () => {
    await open();
    broker.side.socket.write(ack(1));
    await until(() => client.heardBytes === ack(1).length);
    proxy.tell(1, brokerMethods.blocked('low on memory'));
    const blocked = methodFrame(0, brokerMethods.blocked('low on memory'));
    await until(() => client.heardBytes === ack(1).length + blocked.length);
    expect(client.heard).toEqual(Buffer.concat([ack(1), blocked]));
    expect(() => {
      proxy.tell(2, brokerMethods.unblocked());
    }).toThrow('connection 2 is gone');
  });

  it('refuses connections while it is a partition', async () => {
    await open();
    proxy.partition();
    await until(() => client.isOver && broker.side.isOver);
    const refused = await connect();
    await until(() => refused.isOver);
    proxy.restore();
    client = await connect();
    await until(() => broker.sides.length === 2);
    expect(proxy.connectionCount).toBe(3);
  });

  describe('with the refusals of RabbitMQ 4.3', () => {
    it.each([
      ['a transient queue that all may use', queueDeclare('replies', 0), 541, [50, 10]],
      ['global QoS', qos(true), 540, [60, 10]],
    ])('closes the connection for %s, on both sides', async (_what, refused, replyCode, methodId) => {
      await open({ refusals: 'rabbitmq-4.3' });
      client.socket.write(Buffer.concat([ack(1), methodFrame(1, refused), ack(2)]));
      await until(() => broker.side.isOver && client.heardBytes > 0);
      expect(heardByBroker()).toEqual(ack(1));

      const fields = new FieldReader(client.heard.subarray(7));
      expect([fields.short(), fields.short(), fields.short()]).toEqual([10, 50, replyCode]);
      expect(fields.shortString()).toMatch(/^[A-Z_]+ - /);
      expect([fields.short(), fields.short()]).toEqual(methodId);

      expect(client.isOver).toBe(false); // it has yet to agree
      client.socket.write(Buffer.concat([ack(3), methodFrame(0, closeOk)]));
      await until(() => client.isOver);
      expect(heardByBroker()).toEqual(ack(1));
    });

    it('falls silent for a small frame_max, and resets the connection later', async () => {
      await open({ refusals: 'rabbitmq-4.3' });
      const failed = once(client.socket, 'error');
      client.socket.write(Buffer.concat([ack(1), methodFrame(0, tuneOk(4096)), ack(2)]));
      await until(() => broker.side.isOver);
      expect(heardByBroker()).toEqual(ack(1));
      expect(client.isOver).toBe(false);
      expect(await failed).toMatchObject([{ code: 'ECONNRESET' }]);
      expect(client.heardBytes).toBe(0);
    });

    it('lets through what RabbitMQ 4.3 does', async () => {
      await open({ refusals: 'rabbitmq-4.3' });
      const allowed = [queueDeclare('replies', 0b10), qos(false), tuneOk(131_072)].map((payload) =>
        methodFrame(1, payload),
      );
      client.socket.write(Buffer.concat(allowed));
      await until(() => heardByBroker().length === Buffer.concat(allowed).length);
    });
  });

  it('refuses nothing by itself', async () => {
    await open();
    client.socket.write(methodFrame(1, queueDeclare('replies', 0)));
    await until(() => heardByBroker().length > 0);
    expect(client.heardBytes).toBe(0);
  });
});
