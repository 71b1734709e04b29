import { encodeFrame, FRAME_BODY, FRAME_HEARTBEAT, FRAME_METHOD, PROTOCOL_HEADER } from './amqp-frames.ts';
import { FrameSplitter } from './frame-splitter.ts';

const heartbeat = encodeFrame({ type: FRAME_HEARTBEAT, channel: 0, payload: Buffer.alloc(0) });
const method = encodeFrame({ type: FRAME_METHOD, channel: 7, payload: Buffer.from([0, 85, 0, 11]) });
const body = encodeFrame({
  type: FRAME_BODY,
  channel: 258,
  payload: Buffer.from('AMQP ends with \xce', 'latin1'),
});
const stream = Buffer.concat([PROTOCOL_HEADER, method, heartbeat, body, method]);

function splitIn(size: number): ReturnType<FrameSplitter['push']> extends Generator<infer T> ? T[] : never {
  const splitter = new FrameSplitter();
  const parts = [];
  for (let at = 0; at < stream.length; at += size)
    parts.push(...splitter.push(stream.subarray(at, at + size)));
  expect(splitter.rest).toHaveLength(0);
  return parts;
}

describe('FrameSplitter', () => {
  it('finds the same frames however the stream is cut into chunks', () => {
    for (let size = 1; size <= stream.length; size++) {
      const parts = splitIn(size);
      expect(parts.map(({ bytes }) => bytes)).toEqual([PROTOCOL_HEADER, method, heartbeat, body, method]);
      expect(parts[0]?.type).toBe('protocol-header');
      expect(parts[3]).toMatchObject({
        type: FRAME_BODY,
        channel: 258,
        payload: Buffer.from('AMQP ends with \xce', 'latin1'),
      });
    }
  });

  it('keeps what has come of a frame', () => {
    const splitter = new FrameSplitter();
    expect([...splitter.push(body.subarray(0, 4))]).toEqual([]);
    expect([...splitter.push(body.subarray(4, 12))]).toEqual([]);
    expect(splitter.rest).toEqual(body.subarray(0, 12));
  });

  it('keeps what is behind a frame when its reader stops there', () => {
    const splitter = new FrameSplitter();
    for (const part of splitter.push(Buffer.concat([method, body]))) {
      expect(part.bytes).toEqual(method);
      break;
    }
    expect(splitter.rest).toEqual(body);
  });

  it('refuses a frame that does not end as frames do', () => {
    const broken = Buffer.from(method);
    broken[broken.length - 1] = 0xcd;
    expect(() => [...new FrameSplitter().push(broken)]).toThrow(
      'a frame of 12 bytes ends with 205, not with 0xCE',
    );
  });
});
