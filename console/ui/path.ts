/** Steps of a path, and ids that are written like what stands for them. */
const STEP = /^(?:\.|%(?:25)*2E){1,2}$/;

/**
 * An id as a part of a path, of the console or the API: ids have slashes and dots, and halves of characters, which no URL
 * has. Browsers take `.` and `..` for steps, also where they are escaped, so their dots are escaped twice.
 */
export function pathPart(id: string): string {
  const whole = id.toWellFormed();
  return encodeURIComponent(STEP.test(whole) ? encodeURIComponent(whole).replaceAll(".", "%2E") : whole);
}

/** The id of a part of a path whose escapes were resolved once, as the router does. */
export const idOfPart = (part: string): string =>
  part !== "." && part !== ".." && STEP.test(part) ? decodeURIComponent(part) : part;

/** A path below /console. */
export const consolePath = (...parts: string[]): string => ["/console", ...parts.map(pathPart)].join("/");
