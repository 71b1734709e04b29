/** What the broker says of itself over the HTTP API of its management plugin, with the credentials of the broker's URL. */
export class Management {
  readonly #base: string;
  readonly #authorization: string;
  readonly #virtualHost: string;

  constructor(brokerUrl: string) {
    const { hostname, username, password, pathname } = new URL(brokerUrl);
    this.#base = `http://${hostname}:15672/api`;
    const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
    this.#authorization = `Basic ${Buffer.from(credentials).toString('base64')}`;
    this.#virtualHost = pathname.slice(1);
  }

  /** The queues that there are, of those named; the counts of messages are up to ten seconds old. */
  async queues(names: readonly string[]): Promise<readonly QueueState[]> {
    const queues = await this.get<QueueState[]>(
      `queues/${this.#virtualHost}?columns=name,consumers,messages_ready`,
    );
    return queues.filter(({ name }) => names.includes(name));
  }

  /** @throws Error when the broker does not answer with 200 */
  async get<T>(path: string): Promise<T> {
    const response = await fetch(`${this.#base}/${path}`, {
      headers: { authorization: this.#authorization },
    });
    if (!response.ok) throw new Error(`the management API answered ${response.status} to ${path}`);
    return (await response.json()) as T;
  }
}

export interface QueueState {
  readonly name: string;
  readonly messages_ready?: number;
  readonly consumers?: number;
}
