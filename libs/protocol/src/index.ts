export { openTaskMessage } from './open-task-message.ts';
export { encodeTaskMessage } from './encode-task-message.ts';
export { isStandardHeader } from './task-request.ts';
export { callsOnFailure, callsOnSuccess, stepsFailedWith } from './follow-up-calls.ts';
export { resolveAcceptContent } from './content.ts';
export { taskQueueTopology } from './task-queue-topology.ts';
export { decodeResult, encodeResult } from './result-message.ts';
export { decodeException, encodeException, tracebackOf } from './exception.ts';
export { isExceptionState, isReadyState, readyStates } from './task-state.ts';
export { isEmptyEmbed } from './signature.ts';
export { float, PythonFloat } from './python-float.ts';
export { PythonScalar } from './python-scalar.ts';
export { PythonError } from './python-error.ts';
export { pythonFloat } from './to-float.ts';
export { pythonRepr, pythonStr } from './python-repr.ts';
export { pythonTypeName } from './python-type-name.ts';
export { saferepr } from './saferepr.ts';
export { parseJson } from './parse-json.ts';
export { writeJson } from './write-json.ts';
export { writePythonFloat } from './float-text.ts';
export { parseIsoformat, pythonIsoformat } from './isoformat.ts';
export {
  ContentDisallowedError,
  DecodeError,
  EncodeError,
  InvalidTaskError,
  ProtocolError,
  UnknownMessageError,
} from './protocol-error.ts';

export type { MessageProperties } from '@celeriac/primitives';
export type { IncomingMessage, OutgoingMessage } from './message.ts';
export type { OpenedTask, OpenTaskOptions, ReadBodyOptions } from './open-task-message.ts';
export type { TaskBody } from './task-body.ts';
export type { TaskRequest } from './task-request.ts';
export type { TimeLimits } from './time-limits.ts';
export type { TaskCall } from './encode-task-message.ts';
export type { Signature, TaskEmbed } from './signature.ts';
export type { SignatureCall, SignatureContext } from './apply-signature.ts';
export type { SignatureRoute } from './signature-options.ts';
export type { FailedStep, FollowUpCalls } from './follow-up-calls.ts';
export type { ResultTuple } from './result-tuple.ts';
export type { DecodeResultOptions, ResultMessage } from './result-message.ts';
export type { ExceptionWire, RemoteException } from './exception.ts';
export type { TaskQueueTopology } from './task-queue-topology.ts';
export type { TaskState } from './task-state.ts';
export type { PythonErrorOptions } from './python-error.ts';
export type { PythonScalarKind } from './python-scalar.ts';
export type { SafereprOptions } from './saferepr.ts';
export type { ParseJsonOptions } from './parse-json.ts';
export type { WriteJsonOptions } from './write-json.ts';
export type { ProtocolFailureReason } from './protocol-error.ts';
