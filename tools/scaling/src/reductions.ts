import { queueNames } from './configuration.ts';
import type { MeasuredStack } from './measured-stack.ts';

/** Parts of the work of the broker, counted in Erlang's reductions (function calls, nearly). */
export interface ReductionShares {
  /** Of the one process that each queue is, of all queues together. */
  readonly queues: number;
  /** Of the one process that writes the log of all quorum queues of the node; 0 where there is none. */
  readonly log: number;
}

const settlingMs = 3000;
const spanMs = 6000;

/**
 * How much of the broker's work its queues do. It bounds what one queue can give however many cores the broker has, as
 * a process runs on one core at a time. Asked while a measurement runs; the asking itself ends before its window begins.
 */
export async function readReductions(stack: MeasuredStack, warmUpMs: number): Promise<ReductionShares> {
  const { virtualHost } = stack.configuration;
  const names = queueNames(stack.configuration).map((name) => `<<"${name}">>`);
  const output = await stack.evaluate(`
    Processes = [begin
      {ok, Queue} = rabbit_amqqueue:lookup({resource, <<"${virtualHost}">>, queue, Name}),
      case amqqueue:get_pid(Queue) of {Registered, _} -> whereis(Registered); Pid -> Pid end
    end || Name <- [${names.join(', ')}]],
    Of = fun(undefined) -> 0; (Pid) -> element(2, process_info(Pid, reductions)) end,
    Take = fun() ->
      {Total, _} = erlang:statistics(exact_reductions),
      {lists:sum([Of(Pid) || Pid <- Processes]), Of(whereis(ra_log_wal)), Total}
    end,
    timer:sleep(${warmUpMs + settlingMs}),
    {Queues, Log, Total} = Take(),
    timer:sleep(${spanMs}),
    {QueuesAfter, LogAfter, TotalAfter} = Take(),
    [(QueuesAfter - Queues) / (TotalAfter - Total), (LogAfter - Log) / (TotalAfter - Total)].`);
  const shares: unknown = JSON.parse(output);
  if (!Array.isArray(shares) || shares.length !== 2)
    throw new Error(`two shares awaited from rabbitmqctl eval, got ${output}`);
  const [queues, log] = shares.map(Number);
  return { queues: queues ?? NaN, log: log ?? NaN };
}
