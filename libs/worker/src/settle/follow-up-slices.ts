import type { FollowUpCalls, SignatureCall, SignatureCalls } from '@celeriac/protocol';

/** Calls that are made, encoded and sent in one turn of the event loop. */
const maxSliceCalls = 64;
/** Bytes of bodies after which a slice ends. */
const maxSliceBytes = 1_048_576;

/** True for calls that are one slice. */
export function isSmall({ calls, bytes }: FollowUpCalls['extent']): boolean {
  return calls === 1 || (calls <= maxSliceCalls && bytes <= maxSliceBytes);
}

/** Prepares calls slice by slice; gives in the end what stands for the calls. */
export function* slicesOf<T extends { readonly message: { readonly body: Buffer } }, R>(
  calls: SignatureCalls<R>,
  prepare: (call: SignatureCall) => T,
): Generator<readonly T[], R, undefined> {
  let slice: T[] = [];
  let bytes = 0;
  let next = calls.next();
  for (; next.done !== true; next = calls.next()) {
    const prepared = prepare(next.value);
    slice.push(prepared);
    bytes += prepared.message.body.length;
    if (slice.length < maxSliceCalls && bytes < maxSliceBytes) continue;
    yield slice;
    slice = [];
    bytes = 0;
  }
  if (slice.length > 0) yield slice;
  return next.value;
}
