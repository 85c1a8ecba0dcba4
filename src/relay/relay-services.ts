import type { Env } from "../bindings.ts";
import { withDeadline } from "../deadline.ts";
import { settingsOf } from "../settings/store.ts";
import type { RelayServices } from "./relay.ts";
import { LEVELS, levelOf } from "./tree.ts";

const CALL_DEADLINE = 5_000; // ms
const COMMAND_DEADLINE = 25_000; // ms: more than the hooks of an app may take
const FEED_DEADLINE = 10_000; // ms: a call to the relay that got lost is noticed and repeated in this time
/** Subscriptions of a relay of the last level: the platform's most is 32,768. */
const CAPACITY_LAST = 16_000;

/** Where a relay belongs: its conversation and its number. */
export interface RelayPlace {
  conversationId: string;
  relay: number | undefined;
}

/**
 * The conversation of a relay, as the relay calls it.
 *
 * @param placeNow asked when it is needed: an object does not know its name
 */
export function relayServicesOf(env: Env, placeNow: () => RelayPlace): RelayServices {
  const place = () => {
    const { conversationId, relay = 0 } = placeNow();
    // A new stub for each call: one that is kept would keep both objects from hibernating.
    return { conversation: env.CONVERSATIONS.getByName(conversationId), relay };
  };
  return {
    register: async (registration) => {
      const { conversation, relay } = place();
      return answerOf(conversation.registerRelay(relay, registration), CALL_DEADLINE, "registration");
    },
    replay: async (subscriber, lacked) =>
      answerOf(place().conversation.replayRelayed(subscriber, lacked), CALL_DEADLINE, "replay"),
    mayEnter: async (subscriber) =>
      withDeadline(place().conversation.mayEnter(subscriber), CALL_DEADLINE, "entry"),
    command: async (subscriber, frame) =>
      answerOf(place().conversation.carryOutRelayed(subscriber, frame), COMMAND_DEADLINE, "command"),
    report: async (report) => {
      const { conversation, relay } = place();
      await withDeadline(conversation.relayReported(relay, report), CALL_DEADLINE, "report");
    },
    inTime: (frames) => withDeadline(frames, FEED_DEADLINE, "feed of a relay"),
    timer: (milliseconds, run) => setTimeout(run, milliseconds),
    capacity: () => {
      const isLast = levelOf(placeNow().relay ?? 1) >= LEVELS;
      return isLast ? CAPACITY_LAST : settingsOf(env).last.rooms.socketsPerRelay;
    },
  };
}

/** A clone: the RPC result itself would keep the other object from hibernating (seen 2026-11-28). */
async function answerOf<Answer>(calling: Promise<Answer>, deadline: number, what: string): Promise<Answer> {
  return structuredClone(await withDeadline(calling, deadline, `${what} of a relay`));
}
