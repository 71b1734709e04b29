import { silentLogger } from '@celeriac/primitives';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { brokerMethods, everyRecordedMessage, ScriptedPeer, until, type PeerScript } from '@celeriac/testing';
import { BrokerConnection } from './broker-connection.ts';
import { parseBrokerUrls } from './broker-url.ts';
import { ChannelPublisher } from './channel-publisher.ts';
import { decodeContentHeader } from './content-header.ts';
import type { PublisherOptions, PublishMessage } from './message-publisher.ts';

function message(id: string, overrides: Partial<PublishMessage> = {}): PublishMessage {
  const properties = { correlationId: id };
  const body = Buffer.from(`body of ${id}`);
  return { exchange: '', routingKey: 'q', properties, headers: {}, body, mandatory: true, ...overrides };
}

const ids = (count: number) => Array.from({ length: count }, (_each, index) => `id-${index + 1}`);

describe('ChannelPublisher', () => {
  let peer: ScriptedPeer;
  let connection: BrokerConnection;
  const publishers: ChannelPublisher[] = [];

  function publisherWith(options: Partial<PublisherOptions> = {}): ChannelPublisher {
    const publisher = new ChannelPublisher(connection, { confirm: true, ...options }, silentLogger);
    publishers.push(publisher);
    return publisher;
  }

  /** Publishes and tells how each ended: `done` or the error's code. */
  function publishAll(publisher: ChannelPublisher, messages: readonly PublishMessage[]): Promise<string[]> {
    return Promise.all(
      messages.map((each) =>
        publisher.publish(each).then(
          () => 'done',
          (error: unknown) => (error as { code: string }).code,
        ),
      ),
    );
  }

  const received = () => peer.saidBy('basic.publish');
  const receivedIds = (from = 0) =>
    received()
      .slice(from)
      .map(({ contentHeader }) => decodeContentHeader(contentHeader, 12).properties.correlationId);

  /** Lets nothing be confirmed. */
  const withholdConfirms: PeerScript = ({ method }) => (method === 'basic.publish' ? 'handled' : undefined);

  beforeEach(async () => {
    peer = await ScriptedPeer.listen();
    connection = new BrokerConnection({
      addresses: parseBrokerUrls(peer.url),
      name: 'spec publishing',
      logger: silentLogger,
      heartbeatSeconds: 0,
      connectTimeoutMs: 1000,
    });
    connection.open();
  });

  afterEach(async () => {
    await Promise.all(publishers.splice(0).map((publisher) => publisher.close({ drainMs: 0 })));
    await connection.close();
    await peer.close();
  });

  it('writes every recorded message as Python wrote it, to the byte', async () => {
    const publisher = publisherWith();
    const recorded = everyRecordedMessage().map((each) => ({
      bytes: Buffer.from(each.content_header_b64, 'base64'),
      body: Buffer.from(each.body_b64, 'base64'),
    }));
    const outcomes = await publishAll(
      publisher,
      recorded.map(({ bytes, body }) => {
        const { properties, headers } = decodeContentHeader(bytes, 12);
        return { exchange: 'x', routingKey: 'k', properties, headers, body, mandatory: false };
      }),
    );
    expect(new Set(outcomes)).toEqual(new Set(['done']));
    const publishes = received();
    expect(publishes).toHaveLength(recorded.length);
    for (const [index, { contentHeader, body }] of publishes.entries()) {
      // RabbitMQ's letter for a 64-bit integer is `l`; py-amqp writes `L`
      const expected = recorded[index]?.bytes.toString('latin1').replace('\x03bigL', '\x03bigl');
      expect(contentHeader.toString('latin1')).toBe(expected);
      expect(body.equals(recorded[index]?.body ?? Buffer.alloc(0))).toBe(true);
    }
  }, 30_000);

  it('resolves when the broker confirms, and not before', async () => {
    peer.script = withholdConfirms;
    const publisher = publisherWith();
    let isDone = false;
    const published = publisher.publish(message('a')).then(() => (isDone = true));
    await until(() => received().length === 1);
    await nextTurn();
    expect(isDone).toBe(false);
    const [first] = received();
    if (first !== undefined) first.connection.confirm(first);
    await published;
  });

  it('takes one confirm for several messages', async () => {
    peer.script = (said) => {
      if (said.method !== 'basic.publish') return undefined;
      if (said.confirmTag === 3) said.connection.confirm(said, true);
      return 'handled';
    };
    expect(
      await publishAll(
        publisherWith(),
        ids(3).map((id) => message(id)),
      ),
    ).toEqual(['done', 'done', 'done']);
  });

  it('rejects a message that the broker nacks, and that one only', async () => {
    peer.script = (said) => {
      if (said.method !== 'basic.publish' || said.confirmTag !== 2) return undefined;
      said.connection.nack(said);
      return 'handled';
    };
    expect(
      await publishAll(
        publisherWith(),
        ids(3).map((id) => message(id)),
      ),
    ).toEqual(['done', 'ERR_PUBLISH_REFUSED', 'done']);
  });

  it('rejects a message that the broker returns, and tells it from others to the same queue', async () => {
    peer.script = (said) => {
      if (said.method !== 'basic.publish') return undefined;
      if (said.confirmTag === 2) said.connection.returnMessage(said);
      return undefined; // the confirm follows a return
    };
    const publisher = publisherWith();
    const [first, second, third] = ids(3).map((id) => publisher.publish(message(id)));
    await expect(second).rejects.toMatchObject({
      code: 'ERR_PUBLISH_UNROUTABLE',
      replyCode: 312,
      recoverable: false,
    });
    await Promise.all([first, third]);
  });

  it('tells returned messages without a correlation id apart by their order', async () => {
    peer.script = (said) => {
      if (said.method === 'basic.publish' && said.mandatory) said.connection.returnMessage(said);
      return undefined;
    };
    const messages = [false, true, true].map((mandatory) => message('', { properties: {}, mandatory }));
    expect(await publishAll(publisherWith(), messages)).toEqual([
      'done',
      'ERR_PUBLISH_UNROUTABLE',
      'ERR_PUBLISH_UNROUTABLE',
    ]);
  });

  describe('when the connection is lost', () => {
    it('sends what was not confirmed again, in order and under the same ids', async () => {
      peer.script = (said) => {
        if (said.method !== 'basic.publish') return undefined;
        if (said.confirmTag === 5) said.connection.cut();
        return said.confirmTag <= 2 ? undefined : 'handled';
      };
      const publisher = publisherWith();
      const outcomes = publishAll(
        publisher,
        ids(5).map((id) => message(id)),
      );
      await until(() => received().length === 5);
      peer.script = () => undefined;
      expect(await outcomes).toEqual(Array(5).fill('done'));
      expect(receivedIds(5).slice(-3)).toEqual(['id-3', 'id-4', 'id-5']);
      const resent = received().filter(({ connection: { number } }) => number === 2);
      expect(resent.map(({ body }) => body.toString()).slice(-1)).toEqual(['body of id-5']);
    });

    it('sends a message again that was cut in the middle', async () => {
      const publisher = publisherWith();
      await until(() => publisher.isReady);
      peer.connections[0]?.cutAfterReceiving(40);
      await publisher.publish(message('a', { body: Buffer.alloc(5000, 7) }));
      expect(received().map(({ body, connection: { number } }) => [body.length, number])).toEqual([
        [5000, 2],
      ]);
    });

    it('keeps what was not sent, and sends it when it is back', async () => {
      const publisher = publisherWith();
      await until(() => publisher.isReady);
      peer.connections[0]?.cut();
      await until(() => !publisher.isReady);
      expect(await publishAll(publisher, [message('a')])).toEqual(['done']);
    });

    it('does not mistake it for a refusal when the channel has just been opened', async () => {
      peer.script = (said) => {
        if (said.method !== 'confirm.select' || said.connection.number > 1) return undefined;
        said.connection.write(
          Buffer.concat([
            frame(said.channel, brokerMethods.selectOk()),
            frame(0, brokerMethods.connectionClose(320, 'x')),
          ]),
        );
        return 'handled';
      };
      expect(await publishAll(publisherWith(), [message('a')])).toEqual(['done']);
    });

    it('fails at once with failFast: what was in flight, what waited and what comes', async () => {
      peer.script = withholdConfirms;
      const publisher = publisherWith({ failFast: true, maxInFlight: 1 });
      await until(() => connection.isOpen);
      const outcomes = publishAll(publisher, [message('a'), message('b')]);
      await until(() => received().length === 1);
      peer.connections[0]?.cut();
      expect(await outcomes).toEqual(['ERR_CONNECTION_CLOSED', 'ERR_CONNECTION_CLOSED']);
      expect(await publishAll(publisher, [message('c')])).toEqual(['ERR_CONNECTION_CLOSED']);
      peer.script = () => undefined;
      await until(() => connection.isOpen);
      expect(await publishAll(publisher, [message('d')])).toEqual(['done']);
      expect(receivedIds()).toEqual(['a', 'd']);
    });
  });

  describe('when the broker closes the connection for what it cannot parse', () => {
    /** Closes the connection for the exchange `bad`, as RabbitMQ does for a header that it cannot parse. */
    function refuseBad(code: number): PeerScript {
      const closed = new Set<number>();
      return ({ connection: peerConnection, ...said }) => {
        if (said.method !== 'basic.publish') return undefined;
        if (closed.has(peerConnection.number)) return 'handled';
        if (said.exchange !== 'bad') return undefined;
        closed.add(peerConnection.number);
        peerConnection.close(code, 'SYNTAX_ERROR');
        return 'handled';
      };
    }

    it.each([501, 502, 541])('with %d, finds the message in three tries and fails it alone', async (code) => {
      peer.script = refuseBad(code);
      const publisher = publisherWith();
      const messages = ids(20).map((id) => message(id, id === 'id-7' ? { exchange: 'bad' } : {}));
      const outcomes = await publishAll(publisher, messages);
      expect(outcomes).toEqual(
        messages.map(({ exchange }) => (exchange === 'bad' ? 'ERR_PUBLISH_REFUSED' : 'done')),
      );
      expect(received().filter(({ exchange }) => exchange === 'bad')).toHaveLength(3);
      expect(peer.connections.length).toBeLessThanOrEqual(4);
      expect(await publishAll(publisher, [message('later')])).toEqual(['done']);
    });

    it('does not blame what another publisher of the connection sends meanwhile', async () => {
      peer.script = refuseBad(502);
      const [guilty, innocent] = [publisherWith(), publisherWith()];
      const outcomes = await Promise.all([
        publishAll(innocent, [message('id-1')]),
        publishAll(guilty, [message('bad', { exchange: 'bad' })]),
        publishAll(
          innocent,
          ids(3).map((id) => message(id)),
        ),
      ]);
      expect(outcomes).toEqual([['done'], ['ERR_PUBLISH_REFUSED'], ['done', 'done', 'done']]);
    });

    it('blames no message when an operator closes it, however often', async () => {
      let closes = 0;
      peer.script = (said) => {
        if (said.method !== 'basic.publish' || ++closes > 4) return undefined;
        said.connection.close(320, 'CONNECTION_FORCED');
        return 'handled';
      };
      expect(await publishAll(publisherWith(), [message('a')])).toEqual(['done']);
      expect(closes).toBe(5);
    });
  });

  it('goes on when what waits for a publish throws', async () => {
    const publisher = publisherWith();
    const confirmed = new Promise<void>((resolve) => {
      publisher.send(message('a'), () => {
        resolve();
        throw new Error('a fault of the caller');
      });
    });
    await confirmed;
    expect(await publishAll(publisher, [message('b')])).toEqual(['done']);
    expect(peer.saidBy('channel.open')).toHaveLength(1);
  });

  describe('when the broker closes the channel', () => {
    /** Refuses the exchange `bad` as RabbitMQ does: by closing the channel, some publishes later. */
    const refuseBad: PeerScript = (said) => {
      if (said.method !== 'basic.publish') return undefined;
      if (said.exchange === 'bad')
        said.connection.closeChannel(said.channel, 404, "NOT_FOUND - no exchange 'bad'");
      return said.exchange === 'bad' || peerHasClosed(said.channel, said.connection.number)
        ? 'handled'
        : undefined;
    };

    function peerHasClosed(channel: number, number: number): boolean {
      const sinceOpen = peer.said.filter(
        (each) => each.channel === channel && each.connection.number === number,
      );
      const opened = sinceOpen.findLastIndex(({ method }) => method === 'channel.open');
      return sinceOpen
        .slice(opened)
        .some((each) => each.method === 'basic.publish' && each.exchange === 'bad');
    }

    it('refuses the one guilty message, and gets the others through', async () => {
      peer.script = refuseBad;
      const publisher = publisherWith();
      const messages = ids(6).map((id) => message(id, id === 'id-3' ? { exchange: 'bad' } : {}));
      const outcomes = await publishAll(publisher, messages);
      expect(outcomes).toEqual(['done', 'done', 'ERR_PUBLISH_REFUSED', 'done', 'done', 'done']);
      await expect(publisher.publish(message('x', { exchange: 'bad' }))).rejects.toMatchObject({
        replyCode: 404,
      });
      expect(connection.isOpen).toBe(true);
      expect(peer.connections).toHaveLength(1);
    });

    it('refuses each of several guilty messages', async () => {
      peer.script = refuseBad;
      const isBad = (index: number) => [0, 3, 4, 9].includes(index);
      const messages = ids(10).map((id, index) => message(id, isBad(index) ? { exchange: 'bad' } : {}));
      expect(await publishAll(publisherWith(), messages)).toEqual(
        messages.map(({ exchange }) => (exchange === 'bad' ? 'ERR_PUBLISH_REFUSED' : 'done')),
      );
    });

    it('takes a message that is sent in answer to the refusal', async () => {
      peer.script = refuseBad;
      const publisher = publisherWith();
      const answer = new Promise<unknown>((resolve) => {
        publisher.send(message('bad', { exchange: 'bad' }), () => {
          publisher.send(message('good'), resolve);
        });
      });
      expect(await answer).toBeUndefined();
    });

    it('opens another when it cannot open one, or loses it in the turn in which it opened', async () => {
      const answers = [
        [brokerMethods.channelClose(541, 'INTERNAL_ERROR')],
        [brokerMethods.selectOk(), brokerMethods.channelClose(541, 'INTERNAL_ERROR')],
      ];
      peer.script = (said) => {
        const answer = said.method === 'confirm.select' ? answers.shift() : undefined;
        if (answer === undefined) return undefined;
        said.connection.sayTogether(said.channel, ...answer);
        return 'handled';
      };
      const messages = ids(3).map((id) => message(id));
      expect(await publishAll(publisherWith(), messages)).toEqual(['done', 'done', 'done']);
      expect(receivedIds()).toEqual(ids(3));
      expect(peer.saidBy('confirm.select')).toHaveLength(3);
    });

    it('goes back to many in flight afterwards', async () => {
      peer.script = refuseBad;
      const publisher = publisherWith();
      await publishAll(publisher, [message('good'), message('bad', { exchange: 'bad' }), message('good')]);
      peer.script = withholdConfirms;
      const before = received().length;
      const outcomes = publishAll(
        publisher,
        ids(5).map((id) => message(id)),
      );
      await until(() => received().length === before + 5);
      peer.script = () => undefined;
      for (const each of received().slice(before)) each.connection.confirm(each);
      expect(await outcomes).toEqual(Array(5).fill('done'));
    });
  });

  it('holds messages while the broker blocks, and sends them when it no longer does', async () => {
    const publisher = publisherWith();
    await until(() => publisher.isReady);
    peer.connections[0]?.block('low on memory');
    await until(() => !publisher.isReady);
    const outcomes = publishAll(publisher, [message('a'), message('b')]);
    await nextTurn();
    expect(received()).toHaveLength(0);
    peer.connections[0]?.unblock();
    expect(await outcomes).toEqual(['done', 'done']);
  });

  it('is not blocked any more on a new connection', async () => {
    const publisher = publisherWith();
    await until(() => publisher.isReady);
    peer.connections[0]?.block('low on memory');
    await until(() => !publisher.isReady);
    peer.connections[0]?.cut();
    expect(await publishAll(publisher, [message('a')])).toEqual(['done']);
  });

  it('never has more than maxInFlight messages unconfirmed', async () => {
    let unconfirmed = 0;
    let most = 0;
    const pending: (() => void)[] = [];
    peer.script = (said) => {
      if (said.method !== 'basic.publish') return undefined;
      most = Math.max(most, ++unconfirmed);
      pending.push(() => {
        unconfirmed--;
        said.connection.confirm(said);
      });
      setImmediate(() => pending.shift()?.());
      return 'handled';
    };
    const outcomes = await publishAll(
      publisherWith({ maxInFlight: 7 }),
      ids(100).map((id) => message(id)),
    );
    expect(new Set(outcomes)).toEqual(new Set(['done']));
    expect(most).toBe(7);
    expect(receivedIds()).toEqual(ids(100));
  });

  it('times out: what was sent, which the broker may have, and what was not', async () => {
    peer.script = withholdConfirms;
    const publisher = publisherWith({ timeoutMs: 150, maxInFlight: 1 });
    const failures = ids(2).map((id) =>
      publisher.publish(message(id)).catch((error: unknown) => (error as Error).message),
    );
    expect(await Promise.all(failures)).toEqual([
      'the broker did not confirm the message for queue q in 150 ms; it may or may not have been taken',
      'the broker did not confirm the message for queue q in 150 ms; it was not sent',
    ]);
    expect(receivedIds()).toEqual(['id-1']);
    peer.script = () => undefined;
    expect(await publishAll(publisher, [message('id-3')])).toEqual(['done']);
  });

  it('times out while there is no connection', async () => {
    await peer.close();
    const publisher = publisherWith({ timeoutMs: 50 });
    expect(await publishAll(publisher, [message('a')])).toEqual(['ERR_PUBLISH_TIMEOUT']);
    peer = await ScriptedPeer.listen();
  });

  it.each<[string, string, Partial<PublisherOptions>, Partial<PublishMessage>]>([
    ['a body over the limit', 'ERR_PUBLISH_TOO_LARGE', { maxBodyBytes: 4 }, { body: Buffer.alloc(5) }],
    [
      'a header table larger than a frame',
      'ERR_PUBLISH_REFUSED',
      {},
      { headers: { big: 'x'.repeat(140_000) } },
    ],
    ['a header that cannot be written', 'ERR_PUBLISH_REFUSED', {}, { headers: { fn: () => 1 } }],
    [
      'a property that is too long',
      'ERR_PUBLISH_REFUSED',
      {},
      { properties: { correlationId: 'x'.repeat(256) } },
    ],
  ])('refuses %s and goes on with the next', async (_what, code, options, overrides) => {
    const publisher = publisherWith(options);
    await until(() => publisher.isReady);
    const outcomes = publishAll(publisher, [
      message('a', overrides),
      message('b', { body: Buffer.alloc(0) }),
    ]);
    expect(await outcomes).toEqual([code, 'done']);
    expect(receivedIds()).toEqual(['b']);
  });

  it('refuses more than maxWaiting messages, never while it is being called', async () => {
    const publisher = publisherWith({ maxWaiting: 2 });
    const outcomes: string[] = [];
    for (const id of ids(3)) publisher.send(message(id), (error) => outcomes.push(error?.code ?? 'done'));
    expect(outcomes).toEqual([]);
    await until(() => outcomes.length === 3);
    expect(outcomes).toEqual(['ERR_PUBLISH_QUEUE_FULL', 'done', 'done']);
  });

  it('without confirms counts a message as done once it is written', async () => {
    const publisher = publisherWith({ confirm: false });
    await until(() => publisher.isReady);
    const onPublished = jest.fn();
    publisher.send(message('a'), onPublished);
    expect(onPublished).toHaveBeenCalledTimes(1);
    await publisher.close();
    expect(received()).toMatchObject([{ confirmTag: 0 }]);
    expect(peer.saidBy('confirm.select')).toHaveLength(0);
  });

  it('sends bodies larger than a frame, and goes on after the socket was full', async () => {
    const publisher = publisherWith();
    const bodies = ids(20).map((_id, index) => Buffer.alloc(500_000, index));
    const outcomes = await publishAll(
      publisher,
      bodies.map((body, index) => message(`${index}`, { body })),
    );
    expect(new Set(outcomes)).toEqual(new Set(['done']));
    expect(received().every(({ body }, index) => body.equals(bodies[index] ?? Buffer.alloc(0)))).toBe(true);
  });

  describe('close', () => {
    it('waits for what is unconfirmed or waiting', async () => {
      const publisher = publisherWith({ maxInFlight: 2 });
      const outcomes = publishAll(
        publisher,
        ids(10).map((id) => message(id)),
      );
      await publisher.close();
      expect(await outcomes).toEqual(Array(10).fill('done'));
      expect(peer.saidBy('channel.close')).toHaveLength(1);
    });

    it('fails the rest when its time is over, and everything after', async () => {
      peer.script = withholdConfirms;
      const publisher = publisherWith({ maxInFlight: 1 });
      const outcomes = publishAll(publisher, [message('a'), message('b')]);
      await until(() => received().length === 1);
      await Promise.all([publisher.close({ drainMs: 1 }), publisher.close()]);
      expect(await outcomes).toEqual(['ERR_CONNECTION_CLOSED', 'ERR_CONNECTION_CLOSED']);
      expect(await publishAll(publisher, [message('c')])).toEqual(['ERR_CONNECTION_CLOSED']);
    });

    it('ends when the connection goes instead of the answer', async () => {
      const publisher = publisherWith();
      await publisher.publish(message('a'));
      peer.script = (said) => {
        if (said.method !== 'channel.close') return undefined;
        said.connection.cut();
        return 'handled';
      };
      await publisher.close();
      expect(peer.saidBy('channel.close')).toHaveLength(1);
    });

    it('leaves no channel behind that was being opened', async () => {
      const opening: (() => void)[] = [];
      peer.script = (said) => {
        if (said.method !== 'confirm.select') return undefined;
        opening.push(() => {
          said.connection.say(said.channel, brokerMethods.selectOk());
        });
        return 'handled';
      };
      const publisher = publisherWith();
      await until(() => opening.length === 1);
      await publisher.close();
      opening[0]?.();
      await until(() => peer.saidBy('channel.close').length === 1);
    });
  });
});

/** A method frame. */
function frame(channel: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(7);
  head.writeUInt8(1, 0);
  head.writeUInt16BE(channel, 1);
  head.writeUInt32BE(payload.length, 3);
  return Buffer.concat([head, payload, Buffer.from([0xce])]);
}
