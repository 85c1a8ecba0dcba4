/** Control characters, and those that change the direction of text. */
const UNPRINTABLE = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]+/gu;

/**
 * Makes a text from outside fit for a line of a log or a field of a record: control characters could forge lines or
 * steer a terminal, and a whole page of HTML helps nobody.
 *
 * @param limit characters
 */
export function printable(text: string, limit: number): string {
  const shown = text.length > limit ? `${text.slice(0, limit)}…` : text;
  return shown.toWellFormed().replace(UNPRINTABLE, " ");
}
