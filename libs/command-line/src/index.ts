export { main } from './main.ts';

export type { MainOptions } from './main.ts';
export type { CommandLineProcess } from './command-line-process.ts';
