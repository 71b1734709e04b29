"""A worker whose tasks' results are arguments of others; canvas-worker.ts is its twin."""
