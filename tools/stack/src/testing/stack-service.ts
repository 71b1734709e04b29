import type { ServiceSpec, StackService } from '../stack-services.ts';

/** A service that runs two tasks of an image, for specs to change. */
export function stackService(name: string, changes: Partial<StackService> = {}): StackService {
  return { name, spec: serviceSpec(), previous: undefined, update: undefined, ...changes };
}

export function serviceSpec(changes: Partial<ServiceSpec> = {}): ServiceSpec {
  return { image: 'celeriac/addition:1', replicas: 2, contents: [], task: 'task 1', ...changes };
}
