/**
 * The few places where we reach below amqplib's public interface, kept in one file and checked when a connection opens.
 *
 * - Reading: amqplib decodes header tables with a decoder that throws on Python's `L` integers, and a throw there costs
 *   the whole connection: the message comes back and the next connection dies of it too. We take the content header
 *   frames and decode them ourselves ({@link decodeContentHeader}); every other frame stays amqplib's.
 * - Publishing: amqplib makes three frames from option objects of its own and copies them twice. We write them in one go
 *   ({@link encodePublish}) and hand them to the channel's write buffer.
 * - Writing: amqplib writes each chunk of each channel on its own. Corking the socket around one pass of its multiplexer
 *   lets everything that a turn of the event loop produced leave in one write.
 * - Heartbeats: amqplib takes up to three intervals to notice a silent peer. We notice within two
 *   ({@link watchSilence}), and say so the way that amqplib does.
 */
import type { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import type { Writable } from 'node:stream';
import { IllegalOperationError, type Channel, type ChannelModel } from 'amqplib';
import { settlesInTime } from './close-timeout.ts';
import { decodeContentHeader, type ContentHeader } from './content-header.ts';
import type { PublishMessage } from './message-publisher.ts';
import { encodePublish } from './publish-frames.ts';
import { watchSilence } from './watch-silence.ts';

interface HeaderFrame {
  readonly id: number;
  readonly channel: number;
  readonly size: number;
  readonly fields: ContentHeader;
}

interface AmqplibConnection {
  rest: Buffer;
  recvFrame(): unknown;
  readonly stream: Socket;
  readonly muxer: { _readIncoming(): void };
  /** Negotiated with the broker, in bytes. */
  readonly frameMax: number;
  /** By channel number; null once closed. */
  readonly channels: readonly ({ readonly channel: unknown; readonly buffer: Writable } | null)[];
  /** Tells the heartbeat that none is needed now. */
  sentSinceLastCheck: boolean;
  /** Negotiated with the broker, in seconds. */
  readonly heartbeat: number;
  /** Null without heartbeats. Its `timeout` fails the connection. */
  readonly heartbeater: EventEmitter | null;
}

interface AmqplibChannel {
  readonly ch: number;
  readonly connection: AmqplibConnection;
  pushConfirmCallback(onConfirmed: (error: unknown) => void): void;
}

/** Time for a `close-ok` to leave and the other side to end, in ms. */
const releaseTimeoutMs = 1000;

const FRAME_HEADER = 2;
const FRAME_OVERHEAD = 8; // type, channel, size before the payload; the end octet after it
const FRAME_END = 0xce;

/** Installs our frame reading and write corking on a connection that has just been opened. */
export function instrumentConnection(model: ChannelModel): void {
  const connection = model.connection as unknown as AmqplibConnection;
  readContentHeaders(connection);
  corkWrites(connection);
  watchHeartbeats(model, connection);
}

/** Whether amqplib threw because the channel or the connection is closing or closed: nothing can be said on it any more. */
export function isClosedError(error: unknown): boolean {
  return error instanceof IllegalOperationError;
}

/**
 * Closes a channel. Ends too when the channel or the connection goes meanwhile, for amqplib's own promise never settles
 * then, and when a silent broker does not answer.
 */
export async function closeChannel(channel: Channel): Promise<void> {
  await settlesInTime(Promise.race([nextClose(channel), channel.close()]));
}

/** Whether a connection was closed before anyone could listen: by frames that came with the answer to its opening. */
export function isEnded(model: ChannelModel): boolean {
  return socketOf(model).writableEnded;
}

/** Closes a connection; destroys its socket when the broker does not answer. */
export async function closeModel(model: ChannelModel): Promise<void> {
  if (!(await settlesInTime(Promise.race([nextClose(model), model.close()])))) socketOf(model).destroy();
}

/**
 * Lets go of the socket of a lost connection. amqplib ends its own side only: towards a peer that is silent the socket
 * would stay half-closed for as long as the system likes.
 */
export function releaseSocket(model: ChannelModel): void {
  const socket = socketOf(model);
  socket.setTimeout(releaseTimeoutMs, () => {
    socket.destroy();
  });
}

function nextClose(emitter: Channel | ChannelModel): Promise<void> {
  return new Promise((resolve) => {
    emitter.once('close', () => {
      resolve();
    });
  });
}

function socketOf(model: ChannelModel): Socket {
  return (model.connection as unknown as AmqplibConnection).stream;
}

/**
 * Publishes on a channel. With `onConfirmed` the channel must be a confirm channel; the callback then comes once, with
 * what `publish` of amqplib gives it.
 *
 * @returns false when the channel's write buffer is full: wait for `drain`
 * @throws TypeError or RangeError when the message cannot be written as AMQP
 * @throws IllegalOperationError, see {@link isClosedError}, when the channel is closed
 */
export function publishOn(
  channel: Channel,
  message: PublishMessage,
  onConfirmed?: (error: unknown) => void,
): boolean {
  const { ch, connection } = channel as unknown as AmqplibChannel;
  const open = connection.channels[ch];
  // the number of a closed channel is given to the next one
  if (open?.channel !== channel) throw new IllegalOperationError(`channel ${ch} has been closed`);
  const frames = encodePublish(ch, connection.frameMax, message);
  connection.sentSinceLastCheck = true;
  if (onConfirmed !== undefined) (channel as unknown as AmqplibChannel).pushConfirmCallback(onConfirmed);
  return open.buffer.write(frames);
}

function readContentHeaders(connection: AmqplibConnection): void {
  const recvFrame = connection.recvFrame.bind(connection);
  connection.recvFrame = (): unknown => {
    const { rest } = connection;
    if (rest.length > FRAME_OVERHEAD && rest[0] === FRAME_HEADER) {
      const end = 7 + rest.readUInt32BE(3);
      if (rest.length > end && rest[end] === FRAME_END) {
        connection.rest = rest.subarray(end + 1);
        return headerFrame(rest, end);
      }
    }
    return recvFrame();
  };
}

/** `type(1) channel(2) size(4) class(2) weight(2) body-size(8) flags…` */
function headerFrame(bytes: Buffer, end: number): HeaderFrame {
  return {
    channel: bytes.readUInt16BE(1),
    id: bytes.readUInt16BE(7),
    size: Number(bytes.readBigUInt64BE(11)),
    fields: decodeContentHeader(bytes.subarray(0, end), 19),
  };
}

function watchHeartbeats(model: ChannelModel, { stream, heartbeat, heartbeater }: AmqplibConnection): void {
  if (heartbeater === null) return;
  const stop = watchSilence(stream, heartbeat, () => heartbeater.emit('timeout'));
  model.once('close', stop);
}

function corkWrites(connection: AmqplibConnection): void {
  const { stream, muxer } = connection;
  const readIncoming = muxer._readIncoming.bind(muxer);
  muxer._readIncoming = () => {
    stream.cork();
    try {
      readIncoming();
    } finally {
      stream.uncork();
    }
  };
}
