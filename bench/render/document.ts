const BEGIN = (name: string) => `<!-- ${name}: written by npm run bench -- --render -->`;
const END = "<!-- end -->";

/** A document with its generated parts made anew. Throws if a marker is missing. */
export function withParts(document: string, parts: Record<string, string>): string {
  let text = document;
  for (const [name, part] of Object.entries(parts)) {
    const start = text.indexOf(BEGIN(name));
    const end = text.indexOf(END, start);
    if (start < 0 || end < 0) throw new Error(`the document has no part "${name}"`);
    text = `${text.slice(0, start)}${BEGIN(name)}\n\n${part}\n\n${text.slice(end)}`;
  }
  return text;
}

export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}
