import * as v from "valibot";
import { Refused } from "../moving/failures.ts";
import { durationOf, plain } from "../moving/progress.ts";
import { conversationsOf } from "./conversations.ts";
import type { Job } from "./job.ts";
import { type Row, rowOf } from "./rows.ts";

const STAGE = "lists/unread";
const AT_ONCE = 8;
/** Conversations where nothing is unread are written down together. */
const COMMIT_EVERY = 20;
/** About as long as a call takes, in milliseconds. */
const CALL = 100;
/** Calls of a trial app in a day. */
const TRIAL_CALLS = 30_000;

/** This export will be whole, and is not written to again. */
const HOW = "an export into a new folder, with --since this one, --unread and --yes,";

const Answer = v.object({ count: v.number() });
const State = v.object({ at: v.optional(v.number(), 0) });

/**
 * How many messages every member of every conversation has not read: a call for each pair. Without `confirmed` it only
 * says how many calls that would be.
 */
export async function exportUnread({ source, folder, progress }: Job, confirmed: boolean): Promise<void> {
  const begun = folder.stage(STAGE);
  if (begun?.done) return;
  let state = v.parse(State, begun?.state ?? {});
  let [calls, done] = [0, 0];
  let position = 0;
  for await (const { members } of conversationsOf(folder)) {
    if (position++ < state.at) done += members.length;
    calls += members.length;
  }
  if (!confirmed) {
    const days = Math.ceil(calls / TRIAL_CALLS);
    const time = `${durationOf(Math.ceil(((calls / AT_ONCE) * CALL) / 1000))}, or ${days} ${days === 1 ? "day" : "days"} of a trial's calls`;
    const text = `Unread counts take ${plain(calls)} calls, some ${time}: ${HOW} asks for them.`;
    progress.say(text);
    await folder.commit(STAGE, { done: true, skipped: [{ what: STAGE, why: text, count: 1 }] });
    return;
  }
  progress.begin(STAGE, folder.count(STAGE), calls === 0 ? 1 : done / calls);
  let index = 0;
  for await (const { id, members } of conversationsOf(folder)) {
    if (index++ < state.at) continue;
    const rows: Row[] = [];
    const refusals: Refused[] = [];
    for (let at = 0; at < members.length; at += AT_ONCE) {
      const group = members.slice(at, at + AT_ONCE);
      const answers = await Promise.all(group.map((client) => unread(source, client, id)));
      for (const [member, answer] of answers.entries()) {
        if (answer instanceof Refused) refusals.push(answer);
        else if (answer > 0)
          rows.push(rowOf(STAGE, { conv_id: id, client_id: group[member], count: answer }));
      }
    }
    state = { at: index };
    done += members.length;
    const skipped = refusals.map(({ reason }) => ({ what: STAGE, why: reason, count: 1 }));
    const isNews = rows.length + skipped.length > 0 || index % COMMIT_EVERY === 0;
    if (isNews) await folder.commit(STAGE, { batches: [{ kind: STAGE, rows }], state, skipped });
    progress.advance(folder.count(STAGE), done / calls);
  }
  await folder.commit(STAGE, { state, done: true });
  progress.end(folder.count(STAGE));
}

async function unread(
  source: Job["source"],
  client: string,
  conversation: string,
): Promise<number | Refused> {
  try {
    const path = `/1.2/rtm/clients/${encodeURIComponent(client)}/unread-count`;
    const answer = v.safeParse(Answer, (await source.get(path, { conv_id: conversation })).value);
    return answer.success
      ? answer.output.count
      : new Refused(path, 200, { code: undefined, error: "no count" });
  } catch (error) {
    if (error instanceof Refused) return error;
    throw error;
  }
}
