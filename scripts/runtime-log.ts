/** What workerd says of itself that no owner can do anything about (November 2026). */
const NOISE = [
  // Notes for its own developers, such as an alarm that it runs late after a start.
  /^NOSENTRY /,
  // A peer that does not keep to the WebSocket protocol is cut off: one line for each would fill the log.
  /WebSocket protocol error/,
];

/** A line of the runtime's log, as Miniflare hands it on. */
export interface RuntimeLine {
  level: string;
  message: string;
}

/** Whether a line of the runtime is worth an owner's while. */
export function isWorthSaying({ message }: RuntimeLine): boolean {
  return !NOISE.some((each) => each.test(message));
}

/** Prints what the runtime says, warnings and errors as such. */
export function sayOfRuntime(line: RuntimeLine): void {
  if (!isWorthSaying(line)) return;
  if (line.level === "error" || line.level === "warn") console.error(line.message);
  else console.log(line.message);
}
