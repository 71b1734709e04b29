import { fitModel, relativeError, type Observation } from './fit.ts';
import { throughput, type ModelParameters } from './throughput-model.ts';

const replicas = [1, 2, 4, 8, 12, 16];

function observe(
  parameters: ModelParameters,
  concurrency: number,
  noise: (index: number) => number = () => 1,
): Observation[] {
  return replicas.map((count, index) => {
    const load = { slots: count * concurrency, taskSeconds: 0.0205 };
    return { ...load, rate: throughput(load, parameters) * noise(index) };
  });
}

describe('fitModel', () => {
  it.each([
    { overheadSeconds: 0.001, cap: 3000, sharpness: 3 },
    { overheadSeconds: 0.0002, cap: 1500, sharpness: 6 },
    { overheadSeconds: 0.004, cap: 2500, sharpness: 1.5 },
  ])('finds the parameters that made the points: %j', (parameters) => {
    const fitted = fitModel(observe(parameters, 4));

    expect(fitted.overheadSeconds).toBeCloseTo(parameters.overheadSeconds, 5);
    expect(fitted.cap / parameters.cap).toBeCloseTo(1, 2);
    expect(fitted.sharpness / parameters.sharpness).toBeCloseTo(1, 2);
  });

  it('stays within the noise of the points', () => {
    const noise = [0.02, -0.02, 0.015, -0.01, 0.02, -0.015];
    const points = observe(
      { overheadSeconds: 0.001, cap: 2500, sharpness: 4 },
      4,
      (index) => 1 + (noise[index] ?? 0),
    );
    const fitted = fitModel(points);

    for (const point of points) expect(Math.abs(relativeError(point, fitted))).toBeLessThan(0.04);
  });

  it('predicts points that it was not given, when those it was given show the bend', () => {
    const points = observe({ overheadSeconds: 0.001, cap: 1200, sharpness: 3 }, 4);
    const fitted = fitModel(points.slice(0, 4));

    for (const point of points.slice(4)) expect(Math.abs(relativeError(point, fitted))).toBeLessThan(0.01);
  });

  it('refuses fewer points than parameters', () => {
    expect(() =>
      fitModel(observe({ overheadSeconds: 0.001, cap: 1200, sharpness: 3 }, 4).slice(0, 2)),
    ).toThrow('three parameters need as many points, got 2');
  });
});
