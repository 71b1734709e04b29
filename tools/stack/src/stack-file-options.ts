import type { StackFileOptions } from './command-line.ts';

/** The options of `docker stack` that name the stack files, in the order in which one is laid over the other. */
export function stackFileOptions({ isCluster, isTls, files }: StackFileOptions): readonly string[] {
  const stackFiles = [
    'swarm-stack.yml',
    ...(isCluster ? ['swarm-stack.cluster.yml'] : []),
    ...(isTls ? ['swarm-stack.tls.yml'] : []),
    ...(isCluster && isTls ? ['swarm-stack.cluster-tls.yml'] : []),
    ...files,
  ];
  return stackFiles.flatMap((file) => ['--compose-file', file]);
}
