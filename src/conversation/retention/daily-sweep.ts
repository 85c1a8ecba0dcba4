import type { Env } from "../../bindings.ts";
import { adoptedArchive } from "../../database/messages/archive.ts";
import { type Deletion, deleteMessagesBefore } from "../../database/messages/expiry.ts";
import { dueConversations, saveCleared } from "../../database/retention/due-conversations.ts";
import { heldConversations } from "../../database/retention/holds.ts";
import {
  type RetentionProgress,
  retentionProgress,
  saveRetentionProgress,
} from "../../database/retention/progress.ts";
import { deleteSystemMessagesBefore } from "../../database/system-messages/expiry.ts";
import { withDeadline } from "../../deadline.ts";
import { forEachLimited } from "../../limited-calls.ts";
import { loggableError } from "../../loggable-error.ts";
import { idleBefore, messagesKeptFrom } from "../../settings/retention-settings.ts";
import { readSettings } from "../../settings/store.ts";
import { conversationOf } from "../conversation-of.ts";
import type { Tidied, TidyBounds } from "./tidied.ts";

/** Objects called by one run, each of which may have to wake: a Worker's run has 10,000 calls, and 15 minutes. */
const CALLS = 5_000;
const AT_ONCE = 8;
/** A run ends after this (ms). */
const LONGEST = 8 * 60_000;
const CALL_DEADLINE = 15_000; // ms
/** Messages that one run deletes from D1, in each database. */
const ARCHIVED = 200_000;

const LATER = { outcome: "later" } satisfies Tidied;

/**
 * The daily job of retention: old messages leave D1, and the conversations are gone through for those that are idle or
 * sleep over old messages. What it does not get to is for the next day. Where nothing is set, it reads the settings.
 * Never rejects.
 */
export async function sweep(env: Env): Promise<void> {
  try {
    const now = Date.now();
    const settings = await readSettings(env);
    const bounds = { keptFrom: messagesKeptFrom(settings, now), idleBefore: idleBefore(settings, now) };
    if (bounds.keptFrom === 0 && bounds.idleBefore === 0) return;
    await run(env, bounds, () => Date.now() > now + LONGEST);
  } catch (error) {
    console.error("retention: not all was deleted, to be tried again tomorrow:", loggableError(error));
  }
}

async function run(env: Env, bounds: TidyBounds, isOver: () => boolean): Promise<void> {
  const progress = await retentionProgress(env.DB);
  progress.isBehind = false;
  if (bounds.keptFrom > 0) {
    const { deleted, isComplete } = await deleteArchived(env, bounds.keptFrom);
    progress.archived += deleted;
    progress.isBehind = !isComplete;
    await deleteSystemMessagesBefore(env.DB, bounds.keptFrom, isOver);
  }
  await tidyDue(env, bounds, await heldConversations(env.DB), progress, isOver);
  await saveRetentionProgress(env.DB, { ...progress, ranAt: Date.now() });
}

/** A database of the archive that fails is for the next day; conversations need not wait for it. */
async function deleteArchived(env: Env, before: number): Promise<Deletion> {
  try {
    const kept = () => heldConversations(env.DB);
    return await deleteMessagesBefore(await adoptedArchive(env), before, { kept, most: ARCHIVED });
  } catch (error) {
    console.error("retention: the archive is left for tomorrow:", loggableError(error));
    return { deleted: 0, isComplete: false };
  }
}

/** Goes through the conversations once, from where the last run stopped. */
async function tidyDue(
  env: Env,
  bounds: TidyBounds,
  held: readonly string[],
  progress: RetentionProgress,
  isOver: () => boolean,
): Promise<void> {
  const begunAt = progress.after;
  let calls = 0;
  let hasTurned = begunAt === "";
  for (;;) {
    const { due, last } = await dueConversations(env.DB, progress.after, bounds, held);
    const called = due.slice(0, CALLS - calls);
    calls += called.length;
    const cleared: { id: string; to: number }[] = [];
    await forEachLimited(called, AT_ONCE, async (id) => {
      const tidied = isOver() ? LATER : await tidy(env, id, bounds);
      if (tidied.outcome === "deleted") progress.conversations += 1;
      if (tidied.outcome === "later") progress.isBehind = true;
      if (tidied.outcome !== "kept") return;
      progress.messages += tidied.messages;
      if (tidied.clearedTo === undefined) progress.isBehind = true;
      else cleared.push({ id, to: tidied.clearedTo });
    });
    await saveCleared(env.DB, cleared);
    const isCut = called.length < due.length;
    progress.after = (isCut ? called.at(-1) : last) ?? (isCut ? progress.after : "");
    if (isCut || calls >= CALLS || isOver()) {
      progress.isBehind = true;
      return;
    }
    if (last === undefined && hasTurned) return;
    if (last === undefined) hasTurned = true;
    else if (hasTurned && begunAt !== "" && last >= begunAt) return;
  }
}

async function tidy(env: Env, id: string, bounds: TidyBounds): Promise<Tidied> {
  try {
    // A clone: the RPC result itself would keep the other object from hibernating (seen 2026-11-28).
    return structuredClone(
      await withDeadline(conversationOf(env, id).tidy(bounds), CALL_DEADLINE, `retention of ${id}`),
    );
  } catch (error) {
    console.warn(`retention of ${id} is left for tomorrow:`, loggableError(error));
    return LATER;
  }
}
