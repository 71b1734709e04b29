import { getHeapStatistics } from 'node:v8';

/**
 * Bytes that this process may have in memory: the heap that V8 stops at, or the limit of its container where that is
 * lower. Budgets are parts of it.
 */
export function memoryLimitBytes(): number {
  return Math.min(getHeapStatistics().heap_size_limit, containerLimitBytes() ?? Infinity);
}

/** The memory limit of the container; undefined without one. */
export function containerLimitBytes(): number | undefined {
  const bytes = process.constrainedMemory();
  // without a limit Linux gives 0, or a number beyond any machine
  return bytes > 0 && bytes <= 2 ** 45 ? bytes : undefined;
}
