import { minimise } from './minimise.ts';
import { throughput, type Load, type ModelParameters } from './throughput-model.ts';

/** A measured point. */
export interface Observation extends Load {
  /** Tasks per second. */
  readonly rate: number;
}

/**
 * The parameters with the least squares of relative errors, so that one replica counts as much as sixteen.
 *
 * @throws RangeError when there are fewer points than parameters
 */
export function fitModel(observations: readonly Observation[]): ModelParameters {
  if (observations.length < 3)
    throw new RangeError(`three parameters need as many points, got ${observations.length}`);
  const most = Math.max(...observations.map(({ rate }) => rate));
  const loss = (at: readonly number[]): number =>
    observations.reduce(
      (sum, observation) => sum + Math.log(throughput(observation, parametersOf(at)) / observation.rate) ** 2,
      0,
    );
  // from several sides, as the simplex goes down into the nearest valley
  const starts = [1.1, 2, 10].flatMap((cap) =>
    [0, 1.5].map((bend) => [Math.log(0.001), Math.log(cap * most), bend]),
  );
  const minima = starts.map((start) => minimise(loss, start));
  return parametersOf(minima.reduce((best, found) => (found.value < best.value ? found : best)).at);
}

/** Logarithms keep all three above 0. */
function parametersOf([overhead = NaN, cap = NaN, sharpness = NaN]: readonly number[]): ModelParameters {
  return { overheadSeconds: Math.exp(overhead), cap: Math.exp(cap), sharpness: Math.exp(sharpness) };
}

/** Error of the model at a point, relative to what was measured. */
export function relativeError(observation: Observation, parameters: ModelParameters): number {
  return throughput(observation, parameters) / observation.rate - 1;
}
