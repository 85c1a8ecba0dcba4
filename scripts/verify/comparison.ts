import { Refused } from "../moving/failures.ts";
import type { Progress } from "../moving/progress.ts";
import { differingBroadcasts } from "./broadcasts.ts";
import { missingFromLists } from "./client-lists.ts";
import { differencesIn } from "./conversation.ts";
import type { Difference, Differences } from "./differences.ts";
import type { ServerSide } from "./server-side.ts";
import { CLASSES, CLIENT_LISTS, type ClassName, type ClassRow, type Side } from "./side.ts";

/** Conversations with another count that are read message by message, beside the sample. */
const READ_MAX = 1_000;
/** Members whose unread count is asked for. */
const UNREAD_MAX = 500;
const ROWS_AT_ONCE = 400;
/** LeanCloud's code for a class that does not exist. */
const NO_SUCH_CLASS = 101;
const DAY = 86_400_000;
/** Devices that were idle for as long are removed (ms). */
const DEVICES_KEPT = 90 * DAY;

export interface ComparisonOptions {
  theirs: Side;
  ours: ServerSide;
  /** The time of theirs that is known (ms). */
  span: { from: number; until: number };
  /** How many conversations are read message by message. */
  sample: number;
  /** From 0 to 1. */
  random(): number;
  differences: Differences;
  progress: Progress;
}

/** Compares all there is: rows, counts of messages, and some conversations message by message. */
export class Comparison {
  readonly #options: ComparisonOptions;
  /** Conversations that this server has no place for, and why; of the others nothing is kept but that they are there. */
  readonly #unserved = new Map<string, string>();
  readonly #served = new Set<string>();
  /** Those of the served ones that are here. */
  readonly #here = new Set<string>();

  constructor(options: ComparisonOptions) {
    this.#options = options;
  }

  async run(): Promise<void> {
    for (const name of CLASSES) await this.#compareClass(name);
    await this.#findOnlyHere();
    const { sample, others } = await this.#compareCounts();
    const read = await this.#readMessages(new Set([...sample, ...others]));
    await this.#compareUnread(read);
    for (const list of CLIENT_LISTS)
      for await (const difference of missingFromLists(list, this.#options, this.#here)) this.#add(difference);
    for await (const difference of differingBroadcasts(this.#options, this.#here)) this.#add(difference);
  }

  async #compareClass(name: ClassName): Promise<void> {
    const { theirs, progress } = this.#options;
    const rows = theirs.rows(name);
    if (rows === undefined) return;
    const what = `classes/${name}`;
    progress.begin(what);
    let count = 0;
    let group: ClassRow[] = [];
    const compare = async () => {
      const found = await this.#among(
        name,
        group.map(({ objectId }) => objectId),
      );
      for (const row of group) {
        const reason =
          reasonFor(name, row) ??
          (await this.#reasonForRole(name, row, found)) ??
          this.#reasonForWritten(name, row);
        if (name === "_Conversation") this.#note(row.objectId, reason, found.has(row.objectId));
        if (!found.has(row.objectId))
          this.#add({
            what,
            id: row.objectId,
            why: reason ?? "is missing here",
            isExpected: reason !== undefined,
          });
      }
      count += group.length;
      group = [];
      progress.advance(count);
    };
    try {
      for await (const row of rows) {
        group.push(row);
        if (group.length >= ROWS_AT_ONCE) await compare();
      }
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      // Only LeanCloud has no such class where there is no row of it.
      const isAbsent = error.code === NO_SUCH_CLASS || (name === "_User" && error.status === 404);
      const why = `the source does not give them: ${error.message}`;
      this.#add({ what, id: name, why, isExpected: isAbsent });
    }
    await compare();
    progress.end(count);
  }

  /** Why a role is not here: its conversation is not, or its client is no member there any more, or is the Owner. */
  async #reasonForRole(name: ClassName, row: ClassRow, found: Set<string>): Promise<string | undefined> {
    if (name !== "_ConversationMemberInfo" || found.has(row.objectId)) return undefined;
    const { cid, clientId, peerId } = row;
    if (typeof cid !== "string" || !this.#here.has(cid)) return "its conversation is not here";
    const { creator, members, isRoom } = await this.#options.ours.peopleOf(cid);
    const client = clientId ?? peerId;
    if (client === creator) return "the creator is the owner, without a row";
    return isRoom || members.has(client) ? undefined : "the client is no member";
  }

  /** Why what a user wrote to a service is not here: the service is not. */
  #reasonForWritten(name: ClassName, { conv }: ClassRow): string | undefined {
    if (name !== "_SysMessage") return undefined;
    const id = typeof conv === "object" && conv !== null && "objectId" in conv ? conv.objectId : conv;
    return typeof id === "string" && this.#here.has(id) ? undefined : "its conversation is not here";
  }

  /** Where users are not served, none are here. */
  async #among(name: ClassName, ids: string[]): Promise<Set<string>> {
    try {
      return await this.#options.ours.among(name, ids);
    } catch (error) {
      if (name === "_User" && error instanceof Refused) return new Set();
      throw error;
    }
  }

  /** Conversations that the other side does not have; unknown if it is a part of an app. */
  async #findOnlyHere(): Promise<void> {
    const { ours, span, progress } = this.#options;
    const rows = ours.rows("_Conversation");
    if (span.from > 0 || this.#served.size + this.#unserved.size === 0) return;
    progress.begin("conversations here");
    let count = 0;
    for await (const { objectId: id } of rows) {
      count += 1;
      if (this.#served.has(id) || this.#unserved.has(id)) continue;
      const why = "is only here: it began here, or is gone over there";
      this.#add({ what: "conversations", id, why, isExpected: true });
    }
    progress.end(count);
  }

  #note(id: string, reason: string | undefined, isHere: boolean): void {
    if (reason === undefined) this.#served.add(id);
    else this.#unserved.set(id, reason);
    if (isHere) this.#here.add(id);
  }

  async #compareCounts(): Promise<{ sample: string[]; others: string[] }> {
    const { theirs, ours, span, progress, random, sample } = this.#options;
    progress.begin("counts of messages");
    const [there, here] = [
      await theirs.counts(span.from, span.until),
      await ours.counts(span.from, span.until),
    ];
    progress.end([...there.values()].reduce((sum, count) => sum + count, 0));
    const others: string[] = [];
    const served: string[] = [];
    for (const [id, count] of there) {
      const why = this.#unserved.get(id);
      if (why !== undefined || !this.#served.has(id)) {
        const reason = why ?? "their conversation is not there any more";
        for (let at = 0; at < count; at++) this.#add({ what: "messages", id, why: reason, isExpected: true });
        continue;
      }
      served.push(id);
      if (here.get(id) !== count) others.push(id);
    }
    for (const id of here.keys()) if (!there.has(id) && this.#served.has(id)) others.push(id);
    for (const id of others.splice(READ_MAX)) {
      const counts = `${there.get(id) ?? 0} over there, ${here.get(id) ?? 0} here`;
      this.#add({
        what: "conversations",
        id,
        why: `another number of messages: ${counts}`,
        isExpected: false,
      });
    }
    return { sample: sampleOf(served, sample, random), others };
  }

  /** Returns how many messages each conversation has that are only here. */
  async #readMessages(ids: Set<string>): Promise<Map<string, number>> {
    const { theirs, ours, span, progress } = this.#options;
    const onlyHere = new Map<string, number>();
    progress.begin("conversations, message by message");
    let count = 0;
    for (const id of ids) {
      const sides = { theirs: theirs.messagesOf(id), ours: ours.messagesOf(id) };
      let more = 0;
      for await (const difference of differencesIn(id, sides, span)) {
        this.#add(difference);
        if (difference.isExpected) more += 1;
      }
      onlyHere.set(id, more);
      progress.advance(++count, count / ids.size);
    }
    progress.end(count);
    return onlyHere;
  }

  async #compareUnread(read: Map<string, number>): Promise<void> {
    const { theirs, ours } = this.#options;
    let asked = 0;
    for await (const { conversation, client, count } of theirs.unread()) {
      if (!read.has(conversation) || !this.#here.has(conversation) || asked++ >= UNREAD_MAX) continue;
      const now = await ours.unreadOf(conversation, client);
      if (now === count) continue;
      const isExpected = now < count || (read.get(conversation) ?? 0) > 0;
      const why = now < count ? "fewer unread here: some were read since" : "more unread here";
      this.#add({ what: "unread", id: `${conversation} ${client}`, why, isExpected });
    }
  }

  #add(difference: Difference): void {
    this.#options.differences.add(difference);
  }
}

/** Why a row cannot be here; undefined if it should be. */
function reasonFor(name: ClassName, row: ClassRow): string | undefined {
  const updatedAt = typeof row.updatedAt === "string" ? Date.parse(row.updatedAt) : Number.NaN;
  if (name === "_Installation" && updatedAt < Date.now() - DEVICES_KEPT)
    return "idle for 90 days: it is removed";
  return undefined;
}

function sampleOf(ids: string[], size: number, random: () => number): string[] {
  const left = [...ids];
  const sample: string[] = [];
  while (sample.length < size && left.length > 0) {
    const [id] = left.splice(Math.floor(random() * left.length), 1);
    if (id !== undefined) sample.push(id);
  }
  return sample;
}
