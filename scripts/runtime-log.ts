/** Messages of workerd that no owner can act on (November 2026). */
const NOISE = [
  // Notes for its developers, such as a late alarm after a start.
  /^NOSENTRY /,
  // A peer that violates the WebSocket protocol is disconnected: a line for each would fill the log.
  /WebSocket protocol error/,
  // An answer of an upstream was broken off, which is logged once a minute.
  /^Uncaught exception: .*passed on no further$/,
];

/** A line of the runtime's log, from Miniflare. */
export interface RuntimeLine {
  level: string;
  message: string;
}

/** Whether a line is useful to an owner. */
export function isUseful({ message }: RuntimeLine): boolean {
  return !NOISE.some((each) => each.test(message));
}

/** Prints the runtime's log, warnings and errors as such. */
export function logRuntimeLine(line: RuntimeLine): void {
  if (!isUseful(line)) return;
  if (line.level === "error" || line.level === "warn") console.error(line.message);
  else console.log(line.message);
}
