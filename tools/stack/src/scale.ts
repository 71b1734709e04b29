import { UsageError } from './stack-error.ts';

/** So many replicas of a service. */
export interface Scale {
  readonly service: string;
  readonly replicas: number;
}

/**
 * Reads `addition=10`.
 *
 * @throws UsageError when it is no service and whole number
 */
export function parseScale(text: string): Scale {
  const [, service, replicas] = /^([^=]+)=([0-9]{1,6})$/.exec(text) ?? [];
  if (service !== undefined && replicas !== undefined) return { service, replicas: Number(replicas) };
  throw new UsageError(`a scale is SERVICE=N with a whole number, such as addition=10, got "${text}"`);
}
