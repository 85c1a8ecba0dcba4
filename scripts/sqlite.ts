/* node:sqlite without Node 22's warning, once per process, that it is experimental. */

const emitWarning = process.emitWarning;
process.emitWarning = () => {};
export const { DatabaseSync, backup } = await import("node:sqlite");
process.emitWarning = emitWarning;
