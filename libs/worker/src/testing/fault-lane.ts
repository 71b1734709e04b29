import {
  FaultProxy,
  type FaultProxyOptions,
  type FrameFault,
  type FrameMatch,
  type ProxiedFrame,
} from '@celeriac/testing';
import { connect, type Channel } from 'amqplib'; // eslint-disable-line no-restricted-imports -- to look at the queues and delete them
import { randomUUID } from 'node:crypto';
import { createWorkerFrom, type CreateWorkerOptions } from '../create-worker.ts';
import type { Worker } from '../worker.ts';
import { Caller, testBrokerUrl } from './caller.ts';
import { inTime, patiently } from './patiently.ts';
import { holderOf } from './received-task.ts';
import { UnsettledDeliveries } from './unsettled-deliveries.ts';

/** The messages on the way of a call from caller to worker and back, in their order. */
export const faultPoints = [
  'call',
  'confirm of the call',
  'delivery',
  'result',
  'confirm of the result',
  'acknowledgement',
  'delivery of the result',
  'acknowledgement of the result',
] as const;

export type FaultPoint = (typeof faultPoints)[number];

/** What became of a call that met a fault. */
export interface FaultedCall {
  readonly id: string;
  /** How much of the message at the point got through, in bytes. */
  readonly forwardedBytes: number;
}

/** How many messages were left in the queue of the worker, and in that of replies. */
export interface LeftMessages {
  readonly calls: number;
  readonly replies: number;
}

export interface FaultLaneOptions {
  readonly worker?: Partial<CreateWorkerOptions>;
  readonly proxies?: Pick<FaultProxyOptions, 'refusals'>;
  /** Told of each frame of the worker. */
  readonly onWorkerFrame?: (frame: ProxiedFrame) => void;
}

/** A worker and a caller with a queue of their own, each behind a proxy of its own. */
export class FaultLane {
  readonly queue = `celeriac-faults-${randomUUID()}`;
  readonly worker: Worker;
  readonly caller: Caller;
  readonly workerProxy: FaultProxy;
  readonly callerProxy: FaultProxy;
  /** How often each task ran, by its id. */
  readonly runs = new Map<string, number>();
  readonly #unsettled: UnsettledDeliveries;
  #closing: Promise<LeftMessages> | undefined;

  private constructor(
    workerProxy: FaultProxy,
    callerProxy: FaultProxy,
    unsettled: UnsettledDeliveries,
    options: Partial<CreateWorkerOptions> = {},
  ) {
    this.workerProxy = workerProxy;
    this.callerProxy = callerProxy;
    this.#unsettled = unsettled;
    const { queue } = this;
    const { holder, tasks } = holderOf(({ request: { id } }) => {
      this.runs.set(id, (this.runs.get(id) ?? 0) + 1);
      return id;
    });
    this.worker = createWorkerFrom(
      { holder: { ...holder, queue }, tasks: tasks.map((task) => ({ ...task, queue })) },
      { brokerUrl: urlThrough(workerProxy), nodeName: 'lane@spec', ...options },
    ).app;
    this.caller = new Caller(urlThrough(callerProxy));
  }

  /** Resolves when both consume. */
  static async open({ worker, proxies, onWorkerFrame }: FaultLaneOptions = {}): Promise<FaultLane> {
    const { hostname: host, port } = new URL(testBrokerUrl());
    const target = { host, port: Number(port) || 5672 };
    const unsettled = new UnsettledDeliveries();
    const onFrame = (frame: ProxiedFrame): void => {
      unsettled.heard(frame);
      onWorkerFrame?.(frame);
    };
    const lane = new FaultLane(
      await FaultProxy.listen(target, { ...proxies, onFrame }),
      await FaultProxy.listen(target, proxies),
      unsettled,
      worker,
    );
    await Promise.all([lane.worker.start(), lane.caller.connect()]);
    return lane;
  }

  get isReady(): boolean {
    return this.worker.isReady && this.caller.isReady;
  }

  /** How many results have come for a call. */
  resultCount(id: string): number {
    return this.caller.results.get(id)?.length ?? 0;
  }

  /** Calls the task and waits for its result; gives its id. */
  async call(id: string = randomUUID()): Promise<string> {
    await inTime(`call ${id} is confirmed`, this.caller.call(this.queue, 'work', id));
    await patiently(`the result of ${id} is there`, () => this.resultCount(id) > 0);
    return id;
  }

  /**
   * Calls the task and has a fault that costs a connection happen to one message on its way; resolves when all is connected
   * again, the result is there, and nothing of the call is under way any more.
   */
  async callWith(fault: FrameFault, point: FaultPoint, part?: FrameMatch['part']): Promise<FaultedCall> {
    const id = randomUUID();
    const { proxy, on } = this.#messageOf(point);
    const connectionsBefore = proxy.connectionCount;
    const injected = proxy.inject({ on: { ...on, part }, fault });
    const called = this.call(id);
    await patiently(`there is a ${point} for the fault`, () => injected.report !== undefined);
    const { forwardedBytes } = await injected.done;
    await patiently(
      `all is connected again after ${fault.kind} of the ${point}`,
      () => proxy.connectionCount > connectionsBefore && this.isReady,
    );
    await called;
    await this.settled();
    return { id, forwardedBytes };
  }

  /** Resolves when nothing that was sent is under way any more. */
  async settled(): Promise<void> {
    await this.call(); // queues keep their order: whatever is given out again is ahead of this
    await patiently('every delivery is settled', () => this.#unsettled.count === 0);
  }

  /** Stops the worker, closes all, deletes the queue, and tells what was left. Gives the same when called again. */
  close(): Promise<LeftMessages> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<LeftMessages> {
    this.workerProxy.restore();
    this.callerProxy.restore();
    await this.worker.stop({ timeoutMs: 5000 });
    const left = await withAdmin(async (channel) => {
      const calls = (await channel.checkQueue(this.queue)).messageCount; // with nobody there to have them unsettled
      const replies = (await channel.checkQueue(this.caller.replyQueue)).messageCount;
      await channel.deleteQueue(this.queue);
      await channel.deleteExchange(this.queue);
      return { calls, replies };
    });
    await this.caller.close();
    await Promise.all([this.workerProxy.close(), this.callerProxy.close()]);
    return left;
  }

  #messageOf(point: FaultPoint): { readonly proxy: FaultProxy; readonly on: FrameMatch } {
    const { workerProxy: worker, callerProxy: caller, queue } = this;
    const { replyQueue } = this.caller;
    switch (point) {
      case 'call':
        return { proxy: caller, on: { direction: 'to-broker', method: 'basic.publish', routingKey: queue } };
      case 'confirm of the call':
        return { proxy: caller, on: { direction: 'to-client', method: 'basic.ack' } };
      case 'delivery':
        return { proxy: worker, on: { direction: 'to-client', method: 'basic.deliver', routingKey: queue } };
      case 'result':
        return {
          proxy: worker,
          on: { direction: 'to-broker', method: 'basic.publish', routingKey: replyQueue },
        };
      case 'confirm of the result':
        return { proxy: worker, on: { direction: 'to-client', method: 'basic.ack' } };
      case 'acknowledgement':
        return { proxy: worker, on: { direction: 'to-broker', method: 'basic.ack' } };
      case 'delivery of the result':
        return {
          proxy: caller,
          on: { direction: 'to-client', method: 'basic.deliver', routingKey: replyQueue },
        };
      case 'acknowledgement of the result':
        return { proxy: caller, on: { direction: 'to-broker', method: 'basic.ack' } };
    }
  }
}

/** Runs something on a channel that goes past the proxies. */
export async function withAdmin<T>(operation: (channel: Channel) => Promise<T>): Promise<T> {
  const model = await connect(testBrokerUrl());
  try {
    return await operation(await model.createChannel());
  } finally {
    await model.close();
  }
}

function urlThrough(proxy: FaultProxy): string {
  const url = new URL(testBrokerUrl());
  url.host = `127.0.0.1:${String(proxy.port)}`;
  return url.href;
}
