export { everyRecordedMessage } from './every-recorded-message.ts';
export { deliveryOf, loadPureFunctions, loadVectors, readPureFunctions } from './recorded-messages.ts';
export { brokerMethods } from './amqp-methods.ts';
export { FaultProxy } from './fault-proxy.ts';
export { rawHeaders } from './header-table.ts';
export { deliveryBytes } from './peer-connection.ts';
export { RecordingLogger } from './recording-logger.ts';
export { ScriptedPeer } from './scripted-peer.ts';
export { bestOfThree, hostileTexts } from './hostile-texts.ts';
export { until } from './until.ts';

export type {
  RecordedAction,
  RecordedCase,
  RecordedDelivery,
  RecordedFile,
  RecordedMessage,
  RecordedVersion,
} from './recorded-messages.ts';
export type { UntilOptions } from './until.ts';
export type { ClientMethod, ReceivedPublish } from './amqp-methods.ts';
export type { RawField } from './header-table.ts';
export type { PeerConnection, PeerMessage, Said } from './peer-connection.ts';
export type { PeerScript, SaidBy, ScriptedPeerOptions } from './scripted-peer.ts';
export type { LogLine } from './recording-logger.ts';
export type { FaultProxyOptions, ProxyTarget } from './fault-proxy.ts';
export type { FaultPlan, FrameFault, FrameMatch } from './frame-fault.ts';
export type { FaultReport, InjectedFault } from './injected-fault.ts';
export type { Direction, ProxiedFrame } from './proxied-frame.ts';
export type { RefusingBroker } from './rabbitmq-refusals.ts';
