import { decodeCommand } from "../../protocol/decode.ts";
import { joinRecords, readRecords } from "../../protocol/link-records.ts";
import type { RelayedOutcome, RelayedSubscriber } from "../../protocol/relay-calls.ts";
import type { OpenConversation } from "../assemble-conversation.ts";
import { isConversationCommand } from "../commands.ts";
import type { Subscription } from "./subscription.ts";

/**
 * Carries out a command of a session at a relay, under the identity that the relay holds (L8). Resolves to everything
 * that the session is sent alone, once its reply is among it. It is an error if the object dies before: then the session
 * asks again.
 */
export async function carryOutRelayed(
  { conversation, delivery, state }: OpenConversation,
  { conversationId: _, relay = 0, ...identity }: RelayedSubscriber,
  frame: Uint8Array,
): Promise<RelayedOutcome> {
  const command = decodeCommand(frame);
  const sent: Uint8Array[] = [];
  const outcome = (): RelayedOutcome => ({
    frame: joinRecords(sent),
    isPresent: state.service === undefined ? subscription.isPresent : undefined,
    after: delivery.awaitedAt(relay),
  });
  let answered = () => {};
  const answer = new Promise<void>((resolve) => {
    answered = resolve;
  });
  const subscription: Subscription = {
    ...identity,
    acknowledged: 0,
    isEvicted: false,
    sessions: undefined,
    port: {
      isOpen: () => true,
      send: (records) => {
        sent.push(records);
        if (readRecords(records).some(({ kind }) => kind === "reply")) answered();
      },
      save: () => {},
    },
  };
  if (command === undefined || !isConversationCommand(command)) return outcome();
  await conversation.handle(subscription, command);
  if (command.serial !== undefined && command.name !== "message.acknowledge") await answer;
  return outcome();
}
