import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create } from "tar";
import type { Row } from "./app-data.ts";

/** A class's file as the console exports it: a line that is no JSON, and then a row a line. */
export function linesOfClass(className: string, rows: Row[]): string {
  const head = `#filetype:JSON-streaming ${JSON.stringify({ type: "Class", class: className })}`;
  return `${[head, ...rows.map((row) => JSON.stringify(row))].join("\n")}\n`;
}

/** A `.tar.gz` as the console's link leads to: a class's rows in two files if they are many. */
export async function archiveOf(classes: Record<string, Row[]>): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), "leancloud-"));
  try {
    const names: string[] = [];
    for (const [className, rows] of Object.entries(classes)) {
      const halves = rows.length > 10 ? [rows.slice(0, 10), rows.slice(10)] : [rows];
      for (const [at, half] of halves.entries()) {
        names.push(`${className}.${at}.jsonl`);
        await writeFile(join(folder, `${className}.${at}.jsonl`), linesOfClass(className, half));
      }
    }
    await create({ gzip: true, cwd: folder, file: join(folder, "all.tar.gz") }, names);
    return await readFile(join(folder, "all.tar.gz"));
  } finally {
    await rm(folder, { recursive: true });
  }
}
