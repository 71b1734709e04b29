import { RecordingLogger } from '@celeriac/testing';
import { FakeDelivery } from '../testing/fake-delivery.ts';
import { deliveryOfCall, receivedTask, registeredTask } from '../testing/received-task.ts';
import { Intake } from './intake.ts';
import { WaitingBytes } from './waiting-bytes.ts';

const task = registeredTask(() => undefined);

/** A task whose message takes 1000 bytes. */
function received() {
  const { body, headers, properties } = deliveryOfCall();
  const padded = Buffer.concat([body, Buffer.alloc(1000 - body.length, ' ')]);
  return receivedTask(task, {}, { delivery: new FakeDelivery({ body: padded, headers, properties }) });
}

function waitingBytes(maxBytes: number) {
  const intake = new Intake({ prefetchCount: 256, logger: new RecordingLogger() });
  const resumed = jest.spyOn(intake, 'resume');
  return { bytes: new WaitingBytes(maxBytes, intake), intake, resumed };
}

describe('WaitingBytes', () => {
  it('pauses the intake beyond its limit, until half of it is free', () => {
    const { bytes, intake } = waitingBytes(4000);
    const tasks = Array.from({ length: 5 }, received);
    const paused = tasks.map((each) => (bytes.add(each), intake.isPaused));
    expect(paused).toEqual([false, false, false, false, true]);
    expect(tasks.map((each) => (bytes.delete(each), intake.isPaused))).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
    expect(bytes.size).toBe(0);
  });

  it('asks for as many as fit, when messages of that size were too many', () => {
    const { bytes, resumed } = waitingBytes(10_000);
    const tasks = Array.from({ length: 11 }, received);
    for (const each of tasks) bytes.add(each);
    for (const each of tasks) bytes.delete(each);
    expect(resumed).toHaveBeenCalledWith('waiting', 5);
  });

  it('counts a task once, however often it is told of', () => {
    const { bytes, intake } = waitingBytes(1500);
    const one = received();
    for (let time = 0; time < 3; time++) bytes.add(one);
    expect([bytes.size, intake.isPaused]).toEqual([1, false]);
    for (let time = 0; time < 3; time++) bytes.delete(one);
    expect(bytes.hasRoomFor(received())).toBe(false);
    bytes.add(one);
    bytes.add(received());
    expect(intake.isPaused).toBe(true);
  });

  it('lets go of what a task holds decoded', () => {
    const { bytes } = waitingBytes(1500);
    const one = received();
    const { body } = one;
    bytes.add(one);
    expect(one.body).toEqual(body);
    expect(one.body).not.toBe(body);
  });

  it('has room for what only waits in half of it', () => {
    const { bytes } = waitingBytes(4000);
    const room = [received(), received(), received()].map((each) => {
      const hasRoom = bytes.hasRoomFor(each);
      bytes.add(each);
      return hasRoom;
    });
    expect(room).toEqual([true, true, false]);
  });

  it('forgets those whose channel has gone', () => {
    const { bytes, intake } = waitingBytes(1500);
    const [lost, kept] = [received(), received()];
    bytes.add(lost);
    bytes.add(kept);
    lost.delivery.isLost = true;
    bytes.dropLost();
    expect([bytes.size, intake.isPaused]).toEqual([1, true]);
    kept.delivery.isLost = true;
    bytes.dropLost();
    expect([bytes.size, intake.isPaused]).toEqual([0, false]);
  });
});
