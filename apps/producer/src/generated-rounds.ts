import { ProblemError } from './problem.ts';

/** What `create_tasks` may have under way, over all its requests. */
export interface GeneratedRoundsLimits {
  /** Most rounds: of one request, and of all that are under way. */
  readonly maxRounds: number;
  /** Most publishes of one request that wait for their confirm at a time. */
  readonly maxUnconfirmed: number;
}

/** Requests share this many times the lanes that one may have. */
const sharedRequests = 4;

/** One request's part of what all may have under way. */
export interface RoundsShare {
  /** How many calls it may have in flight. */
  readonly lanes: number;
  release(): void;
}

/** Shares the limits of `create_tasks` among its requests: many small ones can do no more than one large one. */
export class GeneratedRounds {
  readonly #limits: GeneratedRoundsLimits;
  #rounds = 0;
  #lanes = 0;

  constructor(limits: GeneratedRoundsLimits) {
    this.#limits = limits;
  }

  /**
   * Takes the rounds of a request, and as many lanes for its calls as are free, but one at least.
   *
   * @throws ProblemError `too-many-tasks` when the rounds of other requests leave no room
   */
  take(rounds: number, calls: number): RoundsShare {
    const { maxRounds, maxUnconfirmed } = this.#limits;
    if (this.#rounds + rounds > maxRounds) {
      throw new ProblemError(
        'too-many-tasks',
        `The requests under way publish ${this.#rounds} rounds, and ${rounds} more are above the limit of ${maxRounds} (CELERIAC_CREATE_TASKS_MAX); send the request again later.`,
      );
    }
    const free = sharedRequests * maxUnconfirmed - this.#lanes;
    const lanes = Math.min(calls, maxUnconfirmed, Math.max(free, 1));
    this.#rounds += rounds;
    this.#lanes += lanes;
    return {
      lanes,
      release: () => {
        this.#rounds -= rounds;
        this.#lanes -= lanes;
      },
    };
  }
}
