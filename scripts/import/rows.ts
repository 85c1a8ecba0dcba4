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
  roles: { kind: "classes/_ConversationMemberInfo", path: "/admin/import/member-infos", rowsMax: 1_000 },
  silences: { kind: "lists/silences", path: "/admin/import/silences", rowsMax: 1_000 },
  blacklists: { kind: "lists/blacklists", path: "/admin/import/blacklists", rowsMax: 1_000 },
  subscribers: { kind: "lists/subscribers", path: "/admin/import/subscribers", rowsMax: 1_000 },
  broadcasts: { kind: "lists/broadcasts", path: "/admin/import/broadcasts", rowsMax: 1_000 },
  written: { kind: "classes/_SysMessage", path: "/admin/import/system-messages", rowsMax: 1_000 },
  installations: { kind: "classes/_Installation", path: "/admin/import/installations", rowsMax: 100 },
} satisfies Record<string, Kind>;

/** Sends all rows of a kind, in their order, from where the import is. */
export async function importKind(job: Job, { kind, path, rowsMax, write }: Kind): Promise<void> {
  const { source, api } = job;
  const rows = async function* (skipped: number): AsyncGenerator<Row> {
    let at = 0;
    for await (const { text } of source.rows(kind)) {
      if (at++ < skipped) continue;
      yield write === undefined ? { kind, text } : { kind, text, sent: write(text) };
    }
  };
  await importRows(job, { api, path, lists: { results: kind }, rowsMax }, rows);
}

/**
 * Sends the rows of a target from where the import is.
 *
 * @param from the rows after the first so many
 */
export async function importRows(
  { source, journal, progress }: Job,
  target: Target,
  from: (skipped: number) => AsyncIterable<Row> | Iterable<Row>,
): Promise<void> {
  const kinds = Object.values(target.lists);
  if (kinds.every((kind) => journal.stage(kind).done)) return;
  const sumOf = (count: (kind: string) => number) => kinds.reduce((sum, kind) => sum + count(kind), 0);
  const done = () => sumOf((kind) => journal.stage(kind).rows);
  const all = sumOf((kind) => source.count(kind));
  progress.begin(kinds.join(", "), done(), all === 0 ? 1 : done() / all);
  await sendRows(target, from(done()), async (answers) => {
    await journal.add(answers);
    progress.advance(done(), done() / all);
  });
  for (const kind of kinds) await journal.end(kind);
  progress.end(done());
}

function unreadOf(text: string): string {
  const { conv_id: conversation, client_id: client, count: unread } = v.parse(UnreadRow, JSON.parse(text));
  return JSON.stringify({ conversation, client, unread });
}
