/** A text in quotes, or one other character that gives JSON its structure, or a number or name. */
const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],:]|[^\s{}[\],:"]+/g;

/**
 * The text of a typed message changed in place: all else stays byte for byte as the sender wrote it, numbers too
 * big for JavaScript included.
 * @param json of an object
 * @param change undefined leaves the text
 */
export function changeTypedText(json: string, change: (text: string) => string | undefined): string {
  let changed = "";
  let from = 0;
  let depth = 0;
  let previous = "";
  let key = "";
  for (const { 0: token, index } of json.matchAll(TOKEN)) {
    if (token === "{" || token === "[") depth += 1;
    else if (token === "}" || token === "]") depth -= 1;
    else if (token === ":") key = previous;
    else if (depth === 1 && previous === ":" && token.startsWith('"') && JSON.parse(key) === "_lctext") {
      const text = change(JSON.parse(token));
      if (text !== undefined) {
        changed += json.slice(from, index) + JSON.stringify(text);
        from = index + token.length;
      }
    }
    previous = token;
  }
  return changed + json.slice(from);
}
