import * as v from "valibot";
import { completeSince, keepsNoList } from "../moving/archive-edge.ts";
import { Refused, stoppedBy } from "../moving/failures.ts";
import type { Skipped } from "../moving/format.ts";
import { conversationsOf, pathFor, type Target } from "./conversations.ts";
import type { Job } from "./job.ts";
import { Recent } from "./recent.ts";
import { type History, Position, readMessage, type Step, stepBack } from "./walk.ts";

const STAGE = "messages";
const ODD = "odd/messages";
/** Conversations without messages are written down together. */
const COMMIT_EVERY = 50;
/** As long as LeanCloud keeps messages (ms): tells how much of a walk is done. */
const KEPT = 180 * 86_400_000;
/** Parley's header: up to when its list of all messages is complete (ms). */
const COMPLETE_UNTIL = "X-Parley-Complete-Until";

const State = v.object({
  /** The version of the API. */
  version: v.optional(v.picklist(["1.2", "1.1"]), "1.2"),
  position: v.optional(Position),
  /** Everything up to then is in the export (ms), once it is done. */
  until: v.optional(v.number()),
  /** How many conversations are done, where each is read by itself. */
  at: v.optional(v.number(), 0),
  /** Whether each is read by itself because the server's list of all messages lacks some. */
  isByConversation: v.optional(v.boolean(), false),
});

type State = v.InferOutput<typeof State>;

const APP_WIDE: Record<State["version"], History> = {
  "1.2": {
    path: "/1.2/rtm/messages",
    queryBefore: (before) => ({ timestamp: before?.timestamp, msgid: before?.id || undefined }),
  },
  "1.1": {
    path: "/1.1/rtm/messages/history",
    queryBefore: (before) => ({ max_ts: before?.timestamp, msgid: before?.id || undefined }),
  },
};

/** When everything was sent that this export has, in milliseconds; undefined without messages. */
export function messagesUntil(job: Job): number | undefined {
  const stage = job.folder.stage(STAGE);
  return stage === undefined ? undefined : v.parse(State, stage.state ?? {}).until;
}

/**
 * All messages of the app, newest first; or those of each conversation by itself where the list of all of them lacks
 * some.
 */
export async function exportMessages(job: Job): Promise<void> {
  const stage = job.folder.stage(STAGE);
  if (stage?.done) return;
  let state = v.parse(State, stage?.state ?? {});
  if (state.isByConversation) return exportConversations(job, "all");
  const recent = await Recent.of(job.folder, STAGE, readMessage);
  job.progress.begin(STAGE, job.folder.count(STAGE), shareOf(job, state));
  for (let isOver = false; !isOver; ) {
    const walk = { history: APP_WIDE[state.version], position: state.position, recent, emptyAtEnd: 2 };
    let step: Step;
    try {
      step = await stepBack(job.source, { ...walk, from: job.since?.messagesFrom ?? 0 });
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      if (state.position === undefined && keepsNoList(error)) return exportEach(job, "no list");
      if (state.version === "1.2" && state.position === undefined) {
        state = { ...state, version: "1.1" };
        continue;
      }
      if (state.position !== undefined) throw stoppedBy(error);
      await commit(job, state, undefined, true, [{ what: STAGE, why: error.message, count: 1 }]);
      break;
    }
    const lacked = completeSince(step.headers);
    if (state.position === undefined && lacked > (job.since?.messagesFrom ?? 0))
      return exportEach(job, `no list from before ${new Date(lacked).toISOString()}`);
    isOver = step.isOver;
    state = { ...state, position: step.position, until: state.until ?? untilOf(job, step) };
    await commit(job, state, step, isOver);
    const day = state.position && new Date(state.position.timestamp).toISOString().slice(0, 10);
    job.progress.advance(job.folder.count(STAGE), shareOf(job, state), day && `back to ${day}`);
  }
  job.progress.end(job.folder.count(STAGE));
}

/** Temporary conversations are in no list but that of all messages. */
async function exportEach(job: Job, lack: string): Promise<void> {
  const until = Date.parse(job.folder.startedAt);
  const state = v.parse(State, { until, isByConversation: true });
  const why = `the server has ${lack} of all messages, so each conversation is read by itself, and none of the temporary ones`;
  await commit(job, state, undefined, false, [{ what: STAGE, why, count: 1 }]);
  return exportConversations(job, "all");
}

/** The messages of some conversations, each by itself: one call for each at least. */
export async function exportConversations(job: Job, asked: string[] | "all"): Promise<void> {
  const stage = job.folder.stage(STAGE);
  if (stage?.done) return;
  let state = v.parse(State, stage?.state ?? { until: Date.parse(job.folder.startedAt) });
  const total = asked === "all" ? job.folder.count("classes/_Conversation") : asked.length;
  const resumed = await Recent.of(job.folder, STAGE, readMessage);
  const share = () => (total === 0 ? 1 : state.at / total);
  job.progress.begin(STAGE, job.folder.count(STAGE), share());
  let index = 0;
  for await (const target of asked === "all" ? conversationsOf(job.folder) : asked.map(byId)) {
    if (index++ < state.at) continue;
    const history = historyOf(target);
    const recent = state.position === undefined ? new Recent() : resumed;
    try {
      for (let isOver = false; !isOver; ) {
        const walk = { history, position: state.position, recent, emptyAtEnd: 1 };
        const step = await stepBack(job.source, { ...walk, from: job.since?.messagesFrom ?? 0 });
        isOver = step.isOver;
        state = isOver ? { ...state, at: index, position: undefined } : { ...state, position: step.position };
        if (!isOver || step.rows.length > 0 || index % COMMIT_EVERY === 0)
          await commit(job, state, step, false);
        job.progress.advance(job.folder.count(STAGE), share());
      }
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      state = { ...state, at: index, position: undefined };
      await commit(job, state, undefined, false, [{ what: STAGE, why: error.reason, count: 1 }]);
    }
  }
  await commit(job, state, undefined, true);
  job.progress.end(job.folder.count(STAGE));
}

async function commit(
  { folder }: Job,
  state: State,
  step: Step | undefined,
  done: boolean,
  skipped: Skipped[] = step?.skipped ?? [],
): Promise<void> {
  const batches = [
    { kind: STAGE, rows: step?.rows ?? [] },
    { kind: ODD, rows: step?.odd ?? [] },
  ];
  await folder.commit(STAGE, { batches, state, done, skipped });
}

const byId = (id: string): Target => ({ id, kind: "conversations", members: [] });

function historyOf(target: Target): History {
  const queryBefore = APP_WIDE["1.2"].queryBefore;
  // 1.2 has a service conversation's history by subscriber alone.
  if (target.kind !== "service-conversations") return { path: pathFor(target, "messages"), queryBefore };
  const { path, queryBefore: older } = APP_WIDE["1.1"];
  return { path, queryBefore: (position) => ({ ...older(position), convid: target.id }) };
}

/** The time of the newest message, or less if the server says that it may lack some before that. */
function untilOf({ folder, since }: Job, { rows, headers }: Step): number {
  const times = rows.flatMap(({ at }) => at ?? []);
  const newest =
    times.length === 0 ? (since?.messagesFrom ?? Date.parse(folder.startedAt)) : Math.max(...times);
  const complete = headers.get(COMPLETE_UNTIL);
  return complete === null ? newest : Math.min(newest, Number(complete));
}

/** By time, since the number of messages is not known. */
function shareOf({ folder, since }: Job, { position, until }: State): number {
  if (position === undefined || until === undefined) return 0;
  const end = Math.max(since?.messagesFrom ?? 0, Date.parse(folder.startedAt) - KEPT);
  return Math.min(0.99, Math.max(0, (until - position.timestamp) / Math.max(1, until - end)));
}
