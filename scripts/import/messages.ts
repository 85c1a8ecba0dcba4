import { MessageIndex } from "../moving/message-index.ts";
import type { Job } from "./job.ts";
import type { MessageFiles } from "./message-files.ts";
import { importRows } from "./rows.ts";
import type { Row } from "./sender.ts";

const KIND = "messages";
const ROWS_MAX = 2_000;

/**
 * Messages, conversation by conversation, the oldest first: each conversation of the server is opened once, and its twins
 * of one millisecond come in their order.
 *
 * @param files undefined if addresses of files stay as they are
 */
export async function importMessages(job: Job, files: MessageFiles | undefined): Promise<void> {
  const { source, api, journal, progress } = job;
  if (journal.stage(KIND).done || source.count(KIND) === 0) return;
  const all = source.count(KIND);
  progress.begin("messages in order", 0, 0);
  const index = await MessageIndex.of(source, journal.workPath("messages.sqlite"), (count) =>
    progress.advance(count, count / all),
  );
  progress.end(all);
  try {
    const target = { api, kind: KIND, path: "/admin/import/messages", rowsMax: ROWS_MAX };
    await importRows(
      job,
      { ...target, ...(files && { prepare: (rows: Row[]) => files.rewrite(rows) }) },
      { all, from: (skipped) => rowsOf(index, skipped) },
    );
  } finally {
    index.close();
  }
}

function* rowsOf(index: MessageIndex, skipped: number): Generator<Row> {
  for (const { conversation, text } of index.messages(skipped)) yield { text, group: conversation };
}
