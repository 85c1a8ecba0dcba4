/** Control characters, and those that turn the direction of a text. */
const UNPRINTABLE = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]+/gu;

/**
 * A text from outside, fit for a line of a log or a field of a record: control characters could forge lines or steer a
 * terminal, and nobody wants to read all of a page of HTML.
 *
 * @param most characters
 */
export function printable(text: string, most: number): string {
  const shown = text.length > most ? `${text.slice(0, most)}…` : text;
  return shown.toWellFormed().replace(UNPRINTABLE, " ");
}
