import { MessageIndex } from "../moving/message-index.ts";
import type { Job } from "./job.ts";
import type { MessageFiles } from "./message-files.ts";
import { importRows, kinds } from "./rows.ts";
import type { Row } from "./sender.ts";

const MESSAGES = "messages";
const CONVERSATIONS = kinds.conversations.kind;
const ROWS_MAX = 2_000;

/**
 * Messages, conversation by conversation, the oldest first: each conversation of the server is opened once, and its twins
 * of one millisecond come in their order.
 *
 * @param files undefined if addresses of files stay as they are
 * @param withConversations whether the row of each conversation comes in front of its messages
 */
export async function importMessages(
  job: Job,
  files: MessageFiles | undefined,
  withConversations: boolean,
): Promise<void> {
  const { source, api, journal, progress } = job;
  if (journal.stage(MESSAGES).done) return;
  const all = source.count(MESSAGES) + (withConversations ? source.count(CONVERSATIONS) : 0);
  progress.begin("messages in order", 0, 0);
  const index = await MessageIndex.of(
    source,
    journal.workPath(withConversations ? "conversations.sqlite" : "rows.sqlite"),
    (count) => progress.advance(count, count / all),
    withConversations ? CONVERSATIONS : undefined,
  );
  progress.end(all);
  const where = withConversations
    ? { path: kinds.conversations.path, lists: { results: CONVERSATIONS, messages: MESSAGES } }
    : { path: "/admin/import/messages", lists: { results: MESSAGES } };
  const prepare = files && ((rows: Row[]) => files.rewrite(rows));
  try {
    await importRows(job, { api, ...where, rowsMax: ROWS_MAX, ...(prepare && { prepare }) }, (skipped) =>
      rowsOf(index, skipped),
    );
  } finally {
    index.close();
  }
}

function* rowsOf(index: MessageIndex, skipped: number): Generator<Row> {
  for (const { isMessage, conversation, text } of index.rows(skipped))
    yield { kind: isMessage ? MESSAGES : CONVERSATIONS, text, group: conversation };
}
