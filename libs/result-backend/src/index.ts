export { DisabledResultStore } from './disabled-result-store.ts';
export { parseResultBackend } from './result-backend-url.ts';
export { RpcReplyQueue } from './rpc-reply-queue.ts';
export { RpcResultStore } from './rpc-result-store.ts';

export type { OnStored, ResultStore, ResultTarget } from './result-store.ts';
export type { ResultBackendKind } from './result-backend-url.ts';
export type { RpcReplyQueueOptions } from './rpc-reply-queue.ts';
export type { RpcResultStoreOptions } from './rpc-result-store.ts';
