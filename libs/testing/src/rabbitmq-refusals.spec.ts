import { FrameReader } from './proxied-frame.ts';
import { FrameSplitter } from './frame-splitter.ts';
import { refusalOf, type Refusal } from './rabbitmq-refusals.ts';
import { basicAck, methodFrame, qos, queueDeclare, tuneOk } from './wire-side.ts';

function refusalOfMethod(payload: Buffer): Refusal | undefined {
  const [frame] = new FrameSplitter().push(methodFrame(1, payload));
  if (frame === undefined) throw new Error('a method makes a frame');
  return refusalOf(new FrameReader(1, 'to-broker').read(frame));
}

describe('refusalOf', () => {
  it.each([
    ['neither durable nor exclusive', 0, true],
    ['auto-delete alone', 0b1000, true],
    ['passive', 0b1, false],
    ['durable', 0b10, false],
    ['exclusive', 0b100, false],
  ])('of a queue that is %s', (_what, flags, isRefused) => {
    const refusal = refusalOfMethod(queueDeclare('replies', flags));
    if (isRefused) expect(refusal).toMatchObject({ replyCode: 541, classId: 50, methodId: 10 });
    else expect(refusal).toBeUndefined();
  });

  it.each([
    [true, 540],
    [false, undefined],
  ])('of basic.qos with global=%s', (global, replyCode) => {
    expect(refusalOfMethod(qos(global))).toEqual(
      replyCode === undefined ? undefined : expect.objectContaining({ replyCode, classId: 60, methodId: 10 }),
    );
  });

  it.each([8191, 4096, 1])('of a frame_max of %d', (frameMax) => {
    expect(refusalOfMethod(tuneOk(frameMax))).toEqual({ kind: 'silent', delayMs: 3000 });
  });

  it.each([8192, 131_072, 0])('is none of a frame_max of %d', (frameMax) => {
    expect(refusalOfMethod(tuneOk(frameMax))).toBeUndefined();
  });

  it('says what RabbitMQ says', () => {
    expect(refusalOfMethod(queueDeclare('replies', 0))).toMatchObject({
      replyText:
        'INTERNAL_ERROR - Feature `transient_nonexcl_queues` is deprecated.\nBy default, this feature is not permitted anymore.',
    });
  });

  it('is none for other methods', () => {
    expect(refusalOfMethod(basicAck(1))).toBeUndefined();
  });
});
