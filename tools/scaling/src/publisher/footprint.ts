import type { FootprintResult } from '../job.ts';
import type { Management } from './management.ts';

interface Overview {
  readonly rabbitmq_version: string;
  readonly erlang_version: string;
}

interface NodeState {
  readonly name: string;
  readonly fd_used: number;
}

interface MemoryBreakdown {
  readonly memory: Readonly<
    Record<'connection_readers' | 'connection_writers' | 'connection_channels' | 'connection_other', number>
  > & {
    readonly total: Readonly<Record<'erlang' | 'rss' | 'allocated', number>>;
  };
}

/** What the broker's connections and channels take, those of workers alone: this program has none. */
export async function readFootprint(management: Management): Promise<FootprintResult> {
  const overview = await management.get<Overview>('overview');
  const [node] = await management.get<NodeState[]>('nodes');
  if (node === undefined) throw new Error('the management API lists no node');
  const { memory } = await management.get<MemoryBreakdown>(`nodes/${node.name}/memory`);
  const connections = await management.get<unknown[]>('connections');
  const channels = await management.get<unknown[]>('channels');
  return {
    kind: 'footprint',
    versions: {
      rabbitmq: overview.rabbitmq_version,
      erlang: overview.erlang_version,
      node: process.versions.node,
    },
    connections: connections.length,
    channels: channels.length,
    openFiles: node.fd_used,
    connectionBytes:
      memory.connection_readers +
      memory.connection_writers +
      memory.connection_channels +
      memory.connection_other,
    totalBytes: memory.total.rss,
  };
}
