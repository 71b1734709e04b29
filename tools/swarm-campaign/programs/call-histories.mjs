/** What happened to one call, from all that callers and tasks recorded. */
class CallHistory {
  id;
  task;
  args;
  firstSentMs = Infinity;
  sendings = 0;
  isConfirmed = false;
  refused = 0;
  unconfirmed = 0;
  http5xx = 0;
  /** Answers the caller was given: `{ result }` or `{ failure }`. */
  answers = [];
  /** Why the caller gave up waiting, if it did. */
  unansweredReason;
  /** The only one that could have answered, the producer that took it, was no longer there. */
  isProducerLost = false;
  runs = [];

  constructor(id) {
    this.id = id;
  }

  /** Broker or producer had it: they said so, or gave an answer. */
  get isTaken() {
    return this.isConfirmed || this.answers.length > 0;
  }

  /** How often the broker may have been given it. */
  get deliveries() {
    return this.sendings - this.refused;
  }

  /** Runs that no redelivery by the broker accounts for. */
  get firstRuns() {
    return this.runs.filter(({ redelivered }) => !redelivered).length;
  }

  /** Ran more often than once, or though all of its sendings were refused. */
  get isDuplicated() {
    return this.runs.length > Math.min(this.deliveries, 1);
  }

  get isExplained() {
    return this.firstRuns <= this.deliveries;
  }

  add(event) {
    if (event.status >= 500) this.http5xx++;
    switch (event.event) {
      case 'sending':
        this.sendings++;
        if (event.at >= this.firstSentMs) break;
        this.firstSentMs = event.at;
        this.task = event.task;
        this.args = event.args;
        break;
      case 'confirmed':
        this.isConfirmed = true;
        break;
      case 'refused':
        this.refused++;
        break;
      case 'unconfirmed':
        this.unconfirmed++;
        break;
      case 'answered':
        this.answers.push(event);
        break;
      case 'unanswered':
        this.unansweredReason = event.reason;
        this.isProducerLost = event.producerLost === true;
    }
  }
}

/**
 * Brings the records together by id.
 *
 * @returns the history of every call that a caller sent, and the runs of ids that none did
 * @throws when a caller tells of a call that it did not send
 */
export function callHistories({ events, runs }) {
  const byId = new Map();
  for (const event of events) {
    const history = byId.get(event.id) ?? new CallHistory(event.id);
    byId.set(event.id, history);
    history.add(event);
  }
  for (const { id, sendings } of byId.values()) {
    if (sendings === 0) throw new Error(`the call ${id} was recorded, and never sent`);
  }
  const strays = [];
  for (const run of runs) {
    const history = byId.get(run.id);
    if (history === undefined) strays.push(run);
    else history.runs.push(run);
  }
  return { calls: [...byId.values()], strays };
}
