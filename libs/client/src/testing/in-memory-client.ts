import { InMemoryTransport, type InMemoryMessage } from '@celeriac/in-memory-transport';
import { encodeResult, resolveSerializer, type ResultMessage, type SerializerName } from '@celeriac/protocol';
import { until } from '@celeriac/testing';
import type { ClientOptions } from '../client-options.ts';
import { Client } from '../client.ts';

/** A client whose broker is in memory, and what a spec does with the two. */
export interface InMemoryClient {
  readonly client: Client;
  readonly transport: InMemoryTransport;
  /** The one message that was published last; fails when there is none. */
  readonly lastPublished: () => InMemoryMessage;
  /** Sends a state to the client, as a worker does, and waits until the client has taken it. */
  readonly reply: (result: ResultMessage, serializer?: SerializerName) => Promise<void>;
}

/** A client that may not be connected yet; the spec closes it. */
export function inMemoryClient(
  options: Partial<ClientOptions> & { readonly transport?: InMemoryTransport } = {},
): InMemoryClient {
  const { transport = new InMemoryTransport() } = options;
  const client = new Client({ brokerUrl: 'amqp://in.memory', ...options, transport });
  const lastPublished = (): InMemoryMessage => {
    const message = transport.published.at(-1);
    if (message === undefined) throw new Error('nothing has been published');
    return message;
  };
  const reply = async (result: ResultMessage, serializer: SerializerName = 'json'): Promise<void> => {
    const { replyTo } = lastPublished().properties;
    const ackedBefore = transport.journal.of('acked').length;
    transport.put(replyTo ?? '', {
      properties: {
        contentType: resolveSerializer(serializer).contentType,
        contentEncoding: resolveSerializer(serializer).contentEncoding,
        correlationId: result.taskId,
      },
      body: encodeResult(result, { serializer }),
    });
    await until(() => transport.journal.of('acked').length > ackedBefore);
  };
  return { client, transport, lastPublished, reply };
}
