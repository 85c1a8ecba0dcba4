/** What stands on the lines of a text, without what is empty or there twice. */
export function linesOf(text: string): string[] {
  const lines = text.split("\n").map((line) => line.trim());
  return [...new Set(lines.filter((line) => line !== ""))];
}

/** How many lines one text has that the other has not. */
export function countNew(lines: readonly string[], former: readonly string[]): number {
  const known = new Set(former);
  return lines.filter((line) => !known.has(line)).length;
}
