/** A message as `drivers/capture.py` shows it: values by their Python repr, the body in base64. */
export interface CapturedMessage {
  readonly exchange: string;
  readonly routing_key: string;
  readonly properties: Readonly<Record<string, string>>;
  /** In the order of the wire. */
  readonly headers: readonly (readonly [string, string])[];
  /** AMQP's type letters; of a table or an array with what is inside. */
  readonly header_types: Readonly<Record<string, unknown>>;
  readonly body: string;
}

/** What two clients cannot have in common: who they are, and where they want the reply. */
const own = new Set(['lang', 'origin', 'reply_to']);
const isoDate = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?=\+00:00)/;

/** The message with what is each client's own, and the instants, replaced by what form they have. */
export function comparable(message: CapturedMessage): CapturedMessage {
  const masked = ([name, value]: readonly [string, string]): [string, string] => [
    name,
    own.has(name) ? `(${name})` : value.replace(isoDate, '(instant)'),
  ];
  return {
    ...message,
    properties: Object.fromEntries(Object.entries(message.properties).map(masked)),
    headers: message.headers.map(masked),
  };
}
