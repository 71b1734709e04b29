export { AmqpTransport } from './amqp-transport.ts';
export { isAccessRefused, isHardError, OperationalError } from './operational-error.ts';
export { describeBroker, maskBrokerUrl, parseBrokerUrls } from './broker-url.ts';

export type { AmqpTransportOptions } from './amqp-transport.ts';
export type { BrokerAddress } from './broker-url.ts';
export type { ConsumeOptions, MessageConsumer } from './message-consumer.ts';
export type { Delivery } from './delivery.ts';
export type { Headers, MessageProperties } from '@celeriac/primitives';
export type { MessagePublisher, OnPublished, PublisherOptions, PublishMessage } from './message-publisher.ts';
export type { OperationalErrorCode, OperationalErrorOptions } from './operational-error.ts';
export type {
  Binding,
  DeclarationArgument,
  DeclarationArguments,
  ExchangeBinding,
  ExchangeDeclaration,
  QueueDeclaration,
  Topology,
} from './topology.ts';
export type { Transport } from './transport.ts';
