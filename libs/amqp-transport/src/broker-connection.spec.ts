import { brokerMethods, RecordingLogger, ScriptedPeer, until } from '@celeriac/testing';
import { BrokerConnection, type SessionUser } from './broker-connection.ts';
import { parseBrokerUrls } from './broker-url.ts';
import { declareTopology, type Topology } from './topology.ts';

const topology: Topology = {
  exchanges: [{ name: 'x', type: 'direct', durable: true, autoDelete: false }],
  queues: [{ name: 'q', durable: true, exclusive: false, autoDelete: false }],
  bindings: [{ queue: 'q', exchange: 'x', routingKey: 'k' }],
};

class RecordingUser implements SessionUser {
  readonly events: string[] = [];

  sessionOpened(): void {
    this.events.push('opened');
  }

  sessionLost(): void {
    this.events.push('lost');
  }

  sessionBlocked(blocked: boolean): void {
    this.events.push(blocked ? 'blocked' : 'unblocked');
  }
}

describe('BrokerConnection', () => {
  let peer: ScriptedPeer;
  let logger: RecordingLogger;
  const connections: BrokerConnection[] = [];

  function connectTo(urls: string, options: { heartbeatSeconds?: number; connectTimeoutMs?: number } = {}) {
    const { heartbeatSeconds = 0, connectTimeoutMs = 1000 } = options;
    const addresses = parseBrokerUrls(urls);
    const connection = new BrokerConnection({
      addresses,
      name: 'spec',
      logger,
      heartbeatSeconds,
      connectTimeoutMs,
    });
    connections.push(connection);
    return connection;
  }

  async function opened(connection: BrokerConnection): Promise<BrokerConnection> {
    connection.open();
    await until(() => connection.isOpen);
    return connection;
  }

  const statesOf = () => logger.fieldsOf('connection state').map(({ to }) => to);

  beforeEach(async () => {
    logger = new RecordingLogger();
    peer = await ScriptedPeer.listen();
  });

  afterEach(async () => {
    await Promise.all(connections.splice(0).map((connection) => connection.close()));
    await peer.close();
  });

  it('does no I/O before it is opened, and opens once', async () => {
    const connection = connectTo(peer.url);
    expect([connection.state, connection.isOpen, connection.lastError]).toEqual(['idle', false, undefined]);
    connection.open();
    connection.open();
    expect(connection.state).toBe('connecting');
    await until(() => connection.isOpen);
    connection.open();
    expect(peer.connections).toHaveLength(1);
    expect(statesOf()).toEqual(['connecting', 'open']);
  });

  it.each([
    ['', '/'],
    ['/prod', 'prod'],
    ['/a%2Fb', 'a/b'],
    ['/100%2525', '100%25'],
  ])('logs in, and asks of the path %j for the virtual host %j', async (path, vhost) => {
    await opened(connectTo(`${peer.url.replace('guest:guest', 'us%40er:p%3A%25')}${path}`));
    expect(peer.saidBy('connection.start-ok')).toMatchObject([{ user: 'us@er', password: 'p:%' }]);
    expect(peer.saidBy('connection.open')).toMatchObject([{ vhost }]);
  });

  it('goes on to the next broker when the one that it has is lost, though that takes connections again', async () => {
    const other = await ScriptedPeer.listen();
    try {
      const connection = await opened(connectTo(`${peer.url};${other.url}`));
      expect([peer.openConnections.length, other.openConnections.length]).toEqual([1, 0]);
      peer.connections[0]?.close(320, 'CONNECTION_FORCED');
      await until(() => connection.isOpen && other.openConnections.length === 1);
      expect(peer.openConnections).toHaveLength(0);
    } finally {
      await other.close();
    }
  });

  it('tries the brokers of its URLs in turn', async () => {
    await opened(connectTo(`${await deadUrl()};${peer.url}`));
    expect(logger.fieldsOf('broker connection failed')).toHaveLength(1);
    expect(peer.openConnections).toHaveLength(1);
  });

  it('keeps trying with a wrong password, with growing delays, and logs no credentials', async () => {
    peer.script = ({ method, connection }) => {
      if (method !== 'connection.start-ok') return undefined;
      connection.close(403, 'ACCESS_REFUSED - Login was refused');
      return 'handled';
    };
    const connection = connectTo(peer.url.replace('guest:guest', 'user:hunter2'));
    connection.open();
    const failures = () => logger.fieldsOf('broker connection failed');
    await until(() => failures().length === 3);
    expect(failures().map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
    const delays = failures().map(({ retryMs }) => Number(retryMs));
    for (const [index, least] of [50, 100, 200].entries()) {
      expect(delays[index]).toBeGreaterThanOrEqual(least);
      expect(delays[index]).toBeLessThanOrEqual(least * 2);
    }
    expect(connection.lastError).toMatchObject({ code: 'ERR_CONNECTION_REFUSED', recoverable: true });
    expect(connection.lastError?.message).toContain('403');
    expect(JSON.stringify(logger.lines)).not.toMatch(/hunter2|user/);
    peer.script = () => undefined;
    await until(() => connection.isOpen);
  });

  it('gives up an attempt that is not answered in time, and tries again', async () => {
    peer.script = ({ method }) => (method === 'connection.open' ? 'handled' : undefined);
    const connection = connectTo(peer.url, { connectTimeoutMs: 50 });
    connection.open();
    await until(() => logger.fieldsOf('broker connection failed').length === 1);
    await until(() => peer.openConnections.length === 0);
    peer.script = () => undefined;
    await until(() => connection.isOpen);
  });

  it.each<[string, (peer: ScriptedPeer) => void, RegExp]>([
    ['the socket is cut', ({ connections: [first] }) => first?.cut(), /lost the connection to amqp:\/\/127/],
    ['the broker is shut down', ({ connections: [first] }) => first?.close(320, 'CONNECTION_FORCED'), /320/],
    ['the broker finds a fault', ({ connections: [first] }) => first?.close(505, 'UNEXPECTED_FRAME'), /505/],
    [
      'the broker talks nonsense',
      ({ connections: [first] }) => first?.write(Buffer.alloc(64, 0xff)),
      /frame/i,
    ],
  ])('connects again when %s', async (_cause, breakIt, reason) => {
    const connection = await opened(connectTo(peer.url));
    const user = new RecordingUser();
    connection.attach(user);
    breakIt(peer);
    await until(
      () => peer.openConnections.length === 1 && connection.isOpen && peer.connections.length === 2,
    );
    expect(user.events).toEqual(['opened', 'lost', 'opened']);
    expect(connection.lastError?.message).toMatch(reason);
    expect(statesOf()).toEqual(['connecting', 'open', 'connecting', 'open']);
    expect(logger.fieldsOf('broker connection lost')).toHaveLength(1);
  });

  it('notices a silent peer within two heartbeats, and lets go of its socket', async () => {
    await peer.close();
    await until(() => sockets() === 0);
    peer = await ScriptedPeer.listen({ heartbeatSeconds: 1 });
    const connection = await opened(connectTo(peer.url, { heartbeatSeconds: 60 }));
    expect(peer.saidBy('connection.tune-ok')).toMatchObject([{ heartbeatSeconds: 1 }]);
    const [silent] = peer.connections;
    const start = performance.now();
    silent?.fallSilent();
    await until(() => !connection.isOpen, { timeoutMs: 5000 });
    expect(performance.now() - start).toBeLessThan(3500);
    expect(connection.lastError?.message).toContain('Heartbeat timeout');
    await until(() => connection.isOpen);
    // the peer never ends its side: its socket of the old connection stays, but not ours; the new one has both ends
    await until(() => peer.openConnections.length === 2 && sockets() === 3, { timeoutMs: 5000 });
  }, 15_000);

  it('does not call a broker in a tight loop that accepts connections only to close them', async () => {
    peer.script = (said) => {
      if (said.method !== 'connection.open') return undefined;
      said.connection.say(0, brokerMethods.openOk());
      setImmediate(() => {
        said.connection.close(320, 'CONNECTION_FORCED');
      });
      return 'handled';
    };
    connectTo(peer.url).open();
    const lostAt: number[] = [];
    for (let count = 1; count <= 5; count++) {
      await until(() => logger.fieldsOf('broker connection lost').length === count, { timeoutMs: 10_000 });
      lostAt.push(performance.now());
    }
    // each time longer: at least 50, 100, 200 and 400 ms
    expect((lostAt[4] ?? NaN) - (lostAt[2] ?? NaN)).toBeGreaterThan(550);
  }, 30_000);

  it('connects again when the broker closes the connection in the turn in which it opened', async () => {
    peer.script = (said) => {
      if (said.method !== 'connection.open' || said.connection.number > 1) return undefined;
      said.connection.sayTogether(
        0,
        brokerMethods.openOk(),
        brokerMethods.connectionClose(320, 'CONNECTION_FORCED'),
      );
      return 'handled';
    };
    const connection = connectTo(peer.url);
    connection.open();
    await until(() => connection.isOpen);
    expect(peer.connections).toHaveLength(2);
    expect(logger.fieldsOf('broker connection failed')).toHaveLength(1);
  });

  it('stays up with a peer that does nothing but beat', async () => {
    await peer.close();
    peer = await ScriptedPeer.listen({ heartbeatSeconds: 1 });
    const connection = await opened(connectTo(peer.url, { heartbeatSeconds: 1 }));
    const until3s = performance.now() + 3200;
    await until(() => performance.now() > until3s || !connection.isOpen, { timeoutMs: 5000 });
    expect(connection.isOpen).toBe(true);
  }, 10_000);

  it('tells its users when the broker blocks publishers', async () => {
    const connection = await opened(connectTo(peer.url));
    const user = new RecordingUser();
    connection.attach(user);
    peer.connections[0]?.block('low on memory');
    await until(() => user.events.length === 2);
    peer.connections[0]?.unblock();
    await until(() => user.events.length === 3);
    expect(user.events).toEqual(['opened', 'blocked', 'unblocked']);
    expect(logger.fieldsOf('broker blocks publishers')).toEqual([
      { connection: 'spec', reason: 'low on memory' },
    ]);
    connection.detach(user);
    peer.connections[0]?.block('again');
    await until(() => logger.fieldsOf('broker blocks publishers').length === 2);
    expect(user.events).toHaveLength(3);
  });

  describe('withChannel', () => {
    it('runs an operation on a channel of its own and closes it', async () => {
      const connection = await opened(connectTo(peer.url));
      await connection.withChannel((channel) => declareTopology(channel, topology));
      expect(peer.said.slice(3).map(({ method }) => method)).toEqual([
        'channel.open',
        'exchange.declare',
        'queue.declare',
        'queue.bind',
        'channel.close',
      ]);
    });

    it('reports a refusal with its reply code, and keeps the connection', async () => {
      const connection = await opened(connectTo(peer.url));
      peer.script = (said) => {
        if (said.method !== 'queue.declare') return undefined;
        said.connection.closeChannel(said.channel, 406, 'PRECONDITION_FAILED - inequivalent arg');
        return 'handled';
      };
      await expect(
        connection.withChannel((channel) => declareTopology(channel, topology)),
      ).rejects.toMatchObject({ code: 'ERR_CHANNEL_CLOSED', replyCode: 406 });
      expect(connection.isOpen).toBe(true);
    });

    it.each(['channel.open', 'queue.declare', 'channel.close'])(
      'ends when the connection goes in the middle of %s',
      async (method) => {
        const connection = await opened(connectTo(peer.url));
        peer.script = (said) => {
          if (said.method !== method) return undefined;
          said.connection.cut();
          return 'handled';
        };
        const outcome = connection
          .withChannel((channel) => declareTopology(channel, topology))
          .then(
            () => 'done',
            (error: unknown) => (error as { code: string }).code,
          );
        expect(await outcome).toBe(method === 'channel.close' ? 'done' : 'ERR_CONNECTION_CLOSED');
      },
    );

    it('tells for what fault the broker closed the connection meanwhile', async () => {
      const connection = await opened(connectTo(peer.url));
      peer.script = (said) => {
        if (said.method !== 'exchange.declare') return undefined;
        said.connection.close(503, 'COMMAND_INVALID - unknown exchange type');
        return 'handled';
      };
      await expect(
        connection.withChannel((channel) => declareTopology(channel, topology)),
      ).rejects.toMatchObject({ code: 'ERR_CONNECTION_CLOSED', replyCode: 503 });
    });

    it('refuses while there is no connection', async () => {
      const connection = connectTo(peer.url);
      await expect(connection.withChannel(() => Promise.resolve())).rejects.toMatchObject({
        code: 'ERR_CONNECTION_CLOSED',
      });
    });
  });

  describe('close', () => {
    it('closes with a handshake, twice the same, and takes no more users', async () => {
      const connection = await opened(connectTo(peer.url));
      const user = new RecordingUser();
      connection.attach(user);
      await Promise.all([connection.close(), connection.close()]);
      expect(peer.saidBy('connection.close')).toHaveLength(1);
      expect(connection.state).toBe('closed');
      expect(user.events).toEqual(['opened', 'lost']);
      expect(() => {
        connection.attach(user);
      }).toThrow(expect.objectContaining({ code: 'ERR_ILLEGAL_STATE' }) as Error);
      await until(() => peer.openConnections.length === 0);
      expect(peer.connections).toHaveLength(1);
    });

    it('ends while it still tries to connect', async () => {
      const connection = connectTo(await deadUrl());
      connection.open();
      await until(() => logger.fieldsOf('broker connection failed').length === 1);
      await connection.close();
      expect(statesOf()).toEqual(['connecting', 'closing', 'closed']);
    });

    it('closes a connection that opens just then', async () => {
      const connection = connectTo(peer.url);
      connection.open();
      await connection.close();
      await until(() => peer.openConnections.length === 0);
      expect(statesOf()).toEqual(['connecting', 'closing', 'closed']);
    });

    it('does not wait for a broker that does not answer', async () => {
      const connection = await opened(connectTo(peer.url));
      peer.script = () => 'handled';
      await connection.close();
      await until(() => peer.openConnections.every(({ isEndedByClient }) => isEndedByClient));
    }, 10_000);

    it('ends at once when the broker cuts the socket instead of answering', async () => {
      const connection = await opened(connectTo(peer.url));
      peer.script = (said) => {
        if (said.method !== 'connection.close') return undefined;
        said.connection.cut();
        return 'handled';
      };
      const start = performance.now();
      await connection.close();
      expect(performance.now() - start).toBeLessThan(1500);
    });

    it('is not disturbed by a close of the broker at the same time', async () => {
      const connection = await opened(connectTo(peer.url));
      peer.script = (said) => {
        if (said.method !== 'connection.close') return undefined;
        said.connection.sayTogether(
          0,
          brokerMethods.connectionClose(320, 'CONNECTION_FORCED'),
          brokerMethods.connectionCloseOk(),
        );
        return 'handled';
      };
      await connection.close();
      expect(connection.state).toBe('closed');
    });
  });
});

/** The URL of a port where nobody listens any more. */
async function deadUrl(): Promise<string> {
  const gone = await ScriptedPeer.listen();
  const { url } = gone;
  await gone.close();
  return url;
}

/** Sockets of this process that are open: both ends of each connection to the peer. */
function sockets(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length;
}
