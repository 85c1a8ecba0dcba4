let last: { text: string; key: string } | undefined;

/** A key of a request: the same for the same text, another for another, and another once `forget` was called. */
export function remembered(text: string): string {
  if (last?.text !== text) last = { text, key: crypto.randomUUID() };
  return last.key;
}

/** The request succeeded: the same text is meant anew. */
export function forget(): void {
  last = undefined;
}
