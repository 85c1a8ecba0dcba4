import { fileIn, keysIn, withAddress } from "../moving/file-addresses.ts";
import type { Difference } from "./differences.ts";
import type { Message } from "./side.ts";

/** What one conversation has on both sides. */
interface Twins {
  theirs: Message[];
  ours: Message[];
}

/**
 * Compares the messages of one conversation, both sides the newest first, a millisecond at a time: neither side is ever
 * held whole.
 *
 * @param from,until messages of theirs sent at other times are not known of (ms)
 */
export async function* differencesIn(
  conversation: string,
  sides: { theirs: AsyncIterable<Message>; ours: AsyncIterable<Message> },
  { from, until }: { from: number; until: number },
): AsyncGenerator<Difference> {
  for await (const { theirs, ours } of byTime(sides.theirs, sides.ours)) {
    const left = new Map(ours.map((message) => [message["msg-id"], message]));
    for (const message of theirs) {
      const same = left.get(message["msg-id"]);
      left.delete(message["msg-id"]);
      const why =
        same === undefined ? { why: "is missing here", isExpected: false } : difference(message, same);
      if (why !== undefined) yield { what: "messages", id: idOf(conversation, message), ...why };
    }
    for (const message of left.values()) {
      if (message.timestamp < from) continue;
      const why = message.timestamp > until ? "was sent since" : "is only here: it was sent here";
      yield { what: "messages", id: idOf(conversation, message), why, isExpected: true };
    }
  }
}

const idOf = (conversation: string, { timestamp, "msg-id": id }: Message) =>
  `${conversation} ${timestamp} ${id}`;

/** How two copies of a message differ; undefined if they do not. */
export function difference(theirs: Message, ours: Message): { why: string; isExpected: boolean } | undefined {
  if (theirs.from !== ours.from) return { why: "has another sender here", isExpected: false };
  if ((theirs.bin ?? false) !== (ours.bin ?? false))
    return { why: "is binary on one side alone", isExpected: false };
  if (theirs["from-ip"] !== undefined && theirs["from-ip"] !== ours["from-ip"])
    return { why: "has another from-ip here", isExpected: false };
  if (theirs.data === ours.data || isSameButForAddress(theirs.data, ours.data))
    return deliveryOf(theirs, ours);
  if (/"_lctype":\s*-127\b/.test(ours.data)) return { why: "was recalled here", isExpected: true };
  return { why: "has another content here: it was edited on one side since, or is wrong", isExpected: false };
}

/** A server has it from what it knows of members, and the list of a whole Parley, of which exports are made, has none. */
function deliveryOf(theirs: Message, ours: Message): ReturnType<typeof difference> {
  const before = theirs["ack-at"];
  if (before === undefined || before === ours["ack-at"]) return undefined;
  return { why: "has another ack-at here, or none", isExpected: true };
}

/** The file is the same, at its new address. */
function isSameButForAddress(theirs: string, ours: string): boolean {
  const [before, now] = [fileIn(theirs), fileIn(ours)];
  if (before === undefined || now === undefined) return false;
  if (withAddress(theirs, before.url, now.url) !== ours) return false;
  const keys = new Set(keysIn(now.url));
  return before.id !== undefined || keysIn(before.url).some((key) => keys.has(key));
}

async function* byTime(theirs: AsyncIterable<Message>, ours: AsyncIterable<Message>): AsyncGenerator<Twins> {
  const [left, right] = [groups(theirs), groups(ours)];
  let [one, other] = [await left.next(), await right.next()];
  while (!one.done || !other.done) {
    const [at, by] = [timeOf(one), timeOf(other)];
    const twins: Twins = { theirs: [], ours: [] };
    if (!one.done && at >= by) {
      twins.theirs = one.value;
      one = await left.next();
    }
    if (!other.done && by >= at) {
      twins.ours = other.value;
      other = await right.next();
    }
    yield twins;
  }
}

function timeOf(result: IteratorResult<Message[], void>): number {
  return result.done ? Number.NEGATIVE_INFINITY : (result.value[0]?.timestamp ?? 0);
}

/** The messages of each millisecond. */
async function* groups(messages: AsyncIterable<Message>): AsyncGenerator<Message[], void> {
  let group: Message[] = [];
  for await (const message of messages) {
    if (group[0] !== undefined && group[0].timestamp !== message.timestamp) {
      yield group;
      group = [];
    }
    group.push(message);
  }
  if (group.length > 0) yield group;
}
