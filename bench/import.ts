import { readFile } from "node:fs/promises";
import { type Row, sendRows, type Target } from "../scripts/import/sender.ts";
import { masterHeaders } from "./programs.ts";
import type { Server } from "./server.ts";

/** Conversations of so many messages each. */
export interface ImportShape {
  name: string;
  conversations: number;
  messagesEach: number;
  /** The budget, as a ratio to bare objects. */
  atLeast: number;
}

export const IMPORT_SHAPES = [
  { name: "conversations of 5,000 messages", conversations: 8, messagesEach: 5_000, atLeast: 0.15 },
  { name: "conversations of 50 messages", conversations: 800, messagesEach: 50, atLeast: 0.5 },
] as const satisfies ImportShape[];

export interface ImportSpeed {
  /** Messages a second. */
  messages: number;
  /** The same for each second of the server's processor time, which other work on the machine changes less. */
  perCpuSecond: number;
}

/** Where Parley takes an app. */
export const IMPORT_PATH = "/admin/import/conversations";

const START = Date.UTC(2026, 5, 1);
const CONVERSATIONS = "conversations";
const MESSAGES = "messages";
/** `npm run import` sends as much at a time. */
const ROWS_MAX = 2_000;
const TEXT = "cheese ".repeat(23);

export async function measureImport(
  { url, pid }: Server,
  path: string,
  shape: ImportShape,
): Promise<ImportSpeed> {
  const [began, processor] = [performance.now(), await processorTime(pid)];
  await importApp(url, path, shape);
  const seconds = (performance.now() - began) / 1_000;
  const all = shape.conversations * shape.messagesEach;
  return { messages: all / seconds, perCpuSecond: all / ((await processorTime(pid)) - processor) };
}

/** Sends an app as `npm run import` does: each conversation in front of its messages. */
export async function importApp(
  server: URL,
  path: string,
  shape: Pick<ImportShape, "conversations" | "messagesEach">,
): Promise<void> {
  const target: Target = {
    api: { post: (path, body) => post(new URL(path, server), body) },
    path,
    lists: { results: CONVERSATIONS, messages: MESSAGES },
    rowsMax: ROWS_MAX,
  };
  let added = 0;
  await sendRows(target, rowsOf(shape), async (answers) => {
    for (const { kind, added: count } of answers) if (kind === MESSAGES) added += count;
  });
  const all = shape.conversations * shape.messagesEach;
  if (added !== all) throw new Error(`${added} messages of ${all} were imported`);
}

async function post(url: URL, body: string): Promise<unknown> {
  const response = await fetch(url, { method: "POST", headers: masterHeaders, body });
  if (!response.ok) throw new Error(`${url.pathname}: ${response.status} ${await response.text()}`);
  return response.json();
}

/** Linux counts in hundredths of a second. */
async function processorTime(pid: number): Promise<number> {
  const fields = (await readFile(`/proc/${pid}/stat`, "utf8")).split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** The rows of an app: conversations of two, all of them in use all the time. */
function* rowsOf({
  conversations,
  messagesEach,
}: Pick<ImportShape, "conversations" | "messagesEach">): Generator<Row> {
  const created = new Date(START).toISOString();
  for (let at = 0; at < conversations; at++) {
    const group = `${messagesEach}c${at}`.padStart(24, "0");
    const [tom, jerry] = [`Tom ${at}`, `Jerry ${at}`];
    const row = { objectId: group, m: [tom, jerry], c: tom, createdAt: created, updatedAt: created };
    yield { kind: CONVERSATIONS, text: JSON.stringify(row), group };
    for (let message = 0; message < messagesEach; message++) {
      const text = JSON.stringify({
        "msg-id": `${at}-${message}`.padStart(22, "A"),
        timestamp: START + 100 * (message * conversations + at),
        to: group,
        from: message % 2 === 0 ? tom : jerry,
        data: JSON.stringify({ _lctype: -1, _lctext: TEXT }),
      });
      yield { kind: MESSAGES, text, group };
    }
  }
}
