export { openTaskMessage } from './open-task-message.ts';
export { encodeTaskMessage } from './encode-task-message.ts';
export { callersTopology, nothingToDeclare, taskDestination } from './task-destination.ts';
export { encodeRetryMessage } from './retry-message.ts';
export { isStandardHeader } from './task-request.ts';
export { callsOnFailure, callsOnSuccess, stepsFailedWith } from './follow-up-calls.ts';
export { defaultMaxBodyBytes, defaultMaxBodyValues, resolveAcceptContent } from './content.ts';
export { resolveSerializer, serializerNames } from './serializer.ts';
export { compressionNames, resolveCompression, writableCompressions } from './compression.ts';
export { joinTopologies, taskQueueTopology } from './task-queue-topology.ts';
export { broadcastQueue, directQueue, isQuorumQueue, queueTypes, resolveTaskQueue } from './task-queue.ts';
export { QueueNotFoundError, TaskQueues } from './task-queues.ts';
export { TaskRouting } from './task-routes.ts';
export {
  delayedDeliveryBindingForQueue,
  delayedDeliveryBindings,
  delayedDeliveryTopology,
  delayedRoute,
  delayedRouteToQueue,
  delaysNatively,
  originalRoutingKey,
} from './native-delayed-delivery.ts';
export { decodeResult, encodeResult } from './result-message.ts';
export { cutText, defaultMaxErrorText } from './error-text.ts';
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
export { ValueCount } from './value-count.ts';
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
export type { Serializer, SerializerName } from './serializer.ts';
export type { Compression, CompressionName } from './compression.ts';
export type { TaskBody } from './task-body.ts';
export type { TaskRequest } from './task-request.ts';
export type { TimeLimits } from './time-limits.ts';
export type { TaskCall } from './encode-task-message.ts';
export type { Declaration, DestinedCall, TaskDestination } from './task-destination.ts';
export type { RetryMessageChanges } from './retry-message.ts';
export type { Signature, TaskEmbed } from './signature.ts';
export type { SignatureCall, SignatureCalls, SignatureContext } from './apply-signature.ts';
export type { SignatureRoute } from './signature-options.ts';
export type { FailedStep, FollowUpCalls } from './follow-up-calls.ts';
export type { FollowUpLimits } from './follow-up-limits.ts';
export type { ResultTuple } from './result-tuple.ts';
export type { DecodeResultOptions, EncodeResultOptions, ResultMessage } from './result-message.ts';
export type { ExceptionWire, RemoteException } from './exception.ts';
export type { TaskQueueTopology } from './task-queue-topology.ts';
export type {
  ExchangeType,
  QueueArgument,
  QueueArguments,
  QueueType,
  ResolvedTaskQueue,
  TaskQueue,
} from './task-queue.ts';
export type { TaskQueuesOptions } from './task-queues.ts';
export type {
  RoutedCall,
  RouteFunction,
  RouteMap,
  RoutePairs,
  TaskRoute,
  TaskRouter,
  TaskRoutes,
} from './task-routes.ts';
export type { MessageRoute } from './native-delayed-delivery.ts';
export type { TaskState } from './task-state.ts';
export type { PythonErrorOptions } from './python-error.ts';
export type { PythonScalarKind } from './python-scalar.ts';
export type { SafereprOptions } from './saferepr.ts';
export type { ParseJsonOptions } from './parse-json.ts';
export type { WriteJsonOptions } from './write-json.ts';
export type { ProtocolFailureReason } from './protocol-error.ts';
