import { silentLogger } from '@celeriac/primitives';
import { Intake } from '../receive/intake.ts';
import { WaitingBytes } from '../receive/waiting-bytes.ts';

/** Room for as many tasks as come. */
export function unlimitedWaiting(): WaitingBytes {
  return new WaitingBytes(Infinity, new Intake({ prefetchCount: 0, logger: silentLogger }));
}
