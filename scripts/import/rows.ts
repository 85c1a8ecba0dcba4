import * as v from "valibot";
import { UnreadRow } from "../moving/format.ts";
import type { Job } from "./job.ts";
import { type Row, sendRows, type Target } from "./sender.ts";

/** Rows of one kind, and where they go. */
interface Kind {
  kind: string;
  path: string;
  rowsMax: number;
  /** What is sent for a row, if it is not the row itself. */
  write?(text: string): string;
}

/** The kinds of rows that are sent as they are, or almost; the limits are the server's. */
export const kinds = {
  users: { kind: "classes/_User", path: "/admin/import/users", rowsMax: 100 },
  files: { kind: "classes/_File", path: "/admin/import/files", rowsMax: 200 },
  conversations: { kind: "classes/_Conversation", path: "/admin/import/conversations", rowsMax: 200 },
  unread: { kind: "lists/unread", path: "/admin/import/unread", rowsMax: 2_000, write: unreadOf },
  installations: { kind: "classes/_Installation", path: "/admin/import/installations", rowsMax: 100 },
} satisfies Record<string, Kind>;

/** Sends all rows of a kind, in their order, from where the import is. */
export async function importKind(job: Job, { kind, path, rowsMax, write }: Kind): Promise<void> {
  const { source, api } = job;
  const rows = async function* (skipped: number): AsyncGenerator<Row> {
    let at = 0;
    for await (const { text } of source.rows(kind)) {
      if (at++ < skipped) continue;
      yield write === undefined ? { text } : { text, sent: write(text) };
    }
  };
  await importRows(job, { api, kind, path, rowsMax }, { all: source.count(kind), from: rows });
}

/** A stage: its rows, and how many there are. */
interface StageRows {
  all: number;
  /** Those after the first so many. */
  from(skipped: number): AsyncIterable<Row> | Iterable<Row>;
}

/** The stage of a target's rows. */
export async function importRows(
  { journal, progress }: Job,
  target: Target,
  { all, from }: StageRows,
): Promise<void> {
  const { kind } = target;
  const before = journal.stage(kind);
  if (before.done) return;
  progress.begin(kind, before.rows, all === 0 ? 1 : before.rows / all);
  await sendRows(target, from(before.rows), async (answered) => {
    await journal.add(kind, answered);
    const { rows } = journal.stage(kind);
    progress.advance(rows, rows / all);
  });
  await journal.end(kind);
  progress.end(journal.stage(kind).rows);
}

function unreadOf(text: string): string {
  const { conv_id: conversation, client_id: client, count: unread } = v.parse(UnreadRow, JSON.parse(text));
  return JSON.stringify({ conversation, client, unread });
}
