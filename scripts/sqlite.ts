/* node:sqlite without the remark, once per process, that Node 22 calls it experimental. */

const emitWarning = process.emitWarning;
process.emitWarning = () => {};
export const { DatabaseSync, backup } = await import("node:sqlite");
process.emitWarning = emitWarning;
