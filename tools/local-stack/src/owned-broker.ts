/** Where a broker came from. */
export type BrokerKind = 'given' | 'running' | 'private' | 'container';

/** A broker to talk to. */
export interface LocalBroker {
  /** With credentials: for clients, not for logs. */
  readonly url: string;
  readonly kind: BrokerKind;
  /** Ends and removes a broker of our own; lets others be. May be called twice. */
  close(): Promise<void>;
}

/** A broker of our own, that a test may break. */
export interface OwnedBroker extends LocalBroker {
  readonly kind: 'private' | 'container';
  /** Ends it at once, as a power cut would (SIGKILL); what it had on disk stays. Resolves when it is gone. */
  kill(): Promise<void>;
  /** Starts it again, on the same port and data; when it still runs it is stopped in good order first. Resolves when it accepts connections. */
  restart(): Promise<void>;
  /** Resolves, with how, when it ends though neither `kill`, `restart` nor `close` asked for it. */
  lost(): Promise<string>;
}

/** True for a broker that was started here. */
export function isOwned(broker: LocalBroker): broker is OwnedBroker {
  return broker.kind === 'private' || broker.kind === 'container';
}
