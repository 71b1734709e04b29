import { fitModel } from '../model/fit.ts';
import type { ModelParameters } from '../model/throughput-model.ts';
import { observationOf, type Summary } from './summary.ts';

/** Most replicas of the points from which the others are predicted. */
export const mostFittedReplicas = 8;

/** The model of the curves, and the one that has seen their first part only. */
export interface FittedModel {
  readonly all: ModelParameters;
  readonly firstPart: ModelParameters;
}

/** Fits both to the curves of replicas. */
export function fitCurves(curves: readonly Summary[]): FittedModel {
  const firstPart = curves.filter(({ configuration }) => configuration.replicas <= mostFittedReplicas);
  return { all: fitModel(curves.map(observationOf)), firstPart: fitModel(firstPart.map(observationOf)) };
}
