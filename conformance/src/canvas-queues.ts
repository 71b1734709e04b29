/** Queues of the workers of the canvas specs, by language. */
export const canvasQueues = { ts: 'conformance.canvas.ts', py: 'conformance.canvas.py' } as const;
export type CanvasLanguage = keyof typeof canvasQueues;
