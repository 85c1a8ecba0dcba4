import type { ConversationControl, SubscriptionRequest } from "../../../src/protocol/link-controls.ts";
import { controlRecord } from "../../../src/protocol/link-records.ts";
import type {
  RelayBatch,
  RelayEntry,
  RelayedFrame,
  RelayedOutcome,
  RelayedReplay,
} from "../../../src/protocol/relay-calls.ts";
import { Relay, type RelayServices } from "../../../src/relay/relay.ts";
import type { RelaySocket, RelaySubscriber } from "../../../src/relay/relay-subscribers.ts";

/** A relay alone, whose conversation is the test, and Jerry, who has a session there. */

export const ENTRY: RelayEntry = { isRoom: true, isFree: false, updatedAt: 1 };
export const JERRY: SubscriptionRequest = {
  conversationId: "room",
  clientId: "Jerry",
  sessionId: "s1",
  origin: 7,
  mode: "pull",
  address: undefined,
  admittedAt: 1,
  since: undefined,
  noticesAfter: undefined,
  sessions: undefined,
  isPresent: true,
  relay: 1,
};

/** A call with frames for these clients alone. @param end the number after the last of them */
export function batchOf(
  frames: { frame: Uint8Array; clientIds: string[]; turn?: "first" | "last" }[],
  { end = 1, entry = ENTRY }: { end?: number; entry?: RelayEntry } = {},
): RelayBatch {
  const relayed = frames.map(({ frame, clientIds, turn }): RelayedFrame => {
    const turns = { isFirst: turn === "first", isLast: turn === "last" };
    const narrowed = { to: "these" as const, clientIds, instead: undefined, ...turns };
    return { frame, narrowed, author: undefined, upTo: undefined, noticeAt: undefined, isEphemeral: false };
  });
  return { registration: "", frames: relayed, end, hasGap: false, entry };
}

/** Jerry is in the audience from here on, or no longer. */
export function turnOf(isPresent: boolean, entry: RelayEntry): RelayBatch {
  const presence: ConversationControl = { type: "presence", isPresent, isRoom: entry.isRoom };
  const turn = isPresent ? "first" : "last";
  return batchOf([{ frame: controlRecord(presence), clientIds: ["Jerry"], turn }], { entry });
}

export interface TestSocket extends RelaySocket {
  closed: number | undefined;
  readonly sent: Uint8Array[];
}

export function socket(): TestSocket {
  let attachment: RelaySubscriber | null = null;
  const sent: Uint8Array[] = [];
  return {
    closed: undefined,
    sent,
    send: (frame) => {
      if (frame instanceof Uint8Array) sent.push(frame);
    },
    close(code) {
      this.closed = code;
    },
    serializeAttachment: (value) => {
      attachment = value;
    },
    deserializeAttachment: () => attachment,
  };
}

/** A relay whose conversation answers when the test says so. The deadline for frames passes when the test says so. */
export function loneRelay(entry = ENTRY) {
  const mayEnter = Promise.withResolvers<boolean>();
  const replay = Promise.withResolvers<RelayedReplay>();
  const command = Promise.withResolvers<RelayedOutcome>();
  const deadline = Promise.withResolvers<void>();
  const services: RelayServices = {
    register: async () => {
      return { head: 0, lastNotice: 0, recentSince: 0, noticesSince: 0, recent: [], entry };
    },
    replay: () => replay.promise,
    mayEnter: () => mayEnter.promise,
    command: () => command.promise,
    report: async () => {},
    inTime: (frames) => Promise.race([frames, deadline.promise]),
    timer: () => {},
    capacity: () => 10,
  };
  return { relay: new Relay([], services), mayEnter, replay, command, deadline };
}

/** The replay of a conversation in which nothing was said. */
export const NOTHING: RelayedReplay = { frame: undefined, head: 0, lastNotice: 0, since: 0 };

/** Everything that can go on without an answer has. */
export const settle = () => new Promise((resolve) => setTimeout(resolve, 0));
