/** Dots, each with its escape escaped so many times. */
const ESCAPED = /^(?:%(?:25)*2E){1,2}$/;

/**
 * What a part of a path names. HTTP clients take `.` and `..` in a path for steps, also where they are escaped, so these
 * two ids have their dots escaped twice: `%252E`, `%252E%252E`. Whatever looks like that has one escape more.
 *
 * @param part with its escapes resolved once
 */
export const idOfPart = (part: string): string => (ESCAPED.test(part) ? decodeURIComponent(part) : part);
