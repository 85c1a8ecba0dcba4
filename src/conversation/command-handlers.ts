import type { ConversationRecord } from "../model/records.ts";
import type { CommandOf } from "../protocol/commands.ts";
import type { ConversationCommandName } from "./commands.ts";
import type { Subscription } from "./delivery/subscription.ts";
import type { MembershipCommands } from "./membership/membership-commands.ts";
import type { Reads } from "./membership/reads.ts";
import type { Receipts } from "./membership/receipts.ts";
import type { History } from "./messages/history.ts";
import type { Messages } from "./messages/messages.ts";
import type { Patches } from "./messages/patches.ts";
import type { PermissionCommands } from "./permissions/permission-commands.ts";
import type { Replier } from "./replier.ts";
import type { RoomCommands } from "./room/room-commands.ts";

/** The parts of a conversation that carry out commands. */
export interface CommandHandling {
  messages: Messages;
  history: History;
  patches: Patches;
  receipts: Receipts;
  reads: Reads;
  members: MembershipCommands;
  permissions: PermissionCommands;
  room: RoomCommands;
  replier: Replier;
}

type CommandHandlers = {
  [Name in ConversationCommandName]: (
    handling: CommandHandling,
    subscription: Subscription,
    command: CommandOf<Name>,
  ) => Promise<void> | void;
};

const handlers: CommandHandlers = {
  "message.send": ({ messages }, subscription, command) => messages.send(subscription, command),
  "message.history": ({ history }, subscription, command) => history.query(subscription, command),
  "message.acknowledge": ({ receipts }, subscription, command) => receipts.acknowledge(subscription, command),
  "message.patch": ({ patches }, subscription, command) => patches.patch(subscription, command),
  read: ({ reads }, subscription, command) => reads.read(subscription, command),
  "conversation.add": ({ members }, subscription, command) => members.changeMembers(subscription, command),
  "conversation.remove": ({ members }, subscription, command) => members.changeMembers(subscription, command),
  "conversation.update": ({ members }, subscription, command) => members.update(subscription, command),
  "conversation.mute": ({ members }, subscription, command) => members.mute(subscription, command),
  "conversation.unmute": ({ members }, subscription, command) => members.mute(subscription, command),
  "conversation.count": ({ members }, subscription, command) => members.count(subscription, command),
  "conversation.members": ({ replier }, subscription, { serial }) =>
    replier.refuse(subscription, serial, "TRANSIENT_CONVERSATION_REQUIRED"),
  "conversation.maxRead": ({ receipts }, subscription, command) => receipts.maxRead(subscription, command),
  "conversation.giveRole": ({ permissions }, subscription, command) =>
    permissions.giveRole(subscription, command),
  "conversation.silence": ({ permissions }, subscription, command) =>
    permissions.silence(subscription, command),
  "conversation.unsilence": ({ permissions }, subscription, command) =>
    permissions.silence(subscription, command),
  "conversation.silenced": ({ permissions }, subscription, command) =>
    permissions.listSilenced(subscription, command),
  "conversation.checkSilenced": ({ permissions }, subscription, command) =>
    permissions.checkSilenced(subscription, command),
  "conversation.block": ({ permissions }, subscription, command) => permissions.block(subscription, command),
  "conversation.unblock": ({ permissions }, subscription, command) =>
    permissions.block(subscription, command),
  "conversation.blocked": ({ permissions }, subscription, command) =>
    permissions.listBlocked(subscription, command),
  "conversation.checkBlocked": ({ permissions }, subscription, command) =>
    permissions.checkBlocked(subscription, command),
};

const roomHandlers: CommandHandlers = {
  ...handlers,
  "conversation.add": ({ room }, subscription, command) => room.changePresence(subscription, command),
  "conversation.remove": ({ room }, subscription, command) => room.changePresence(subscription, command),
  "conversation.count": ({ room }, subscription, command) => room.count(subscription, command),
  "conversation.members": ({ room }, subscription, command) => room.members(subscription, command),
};

/** What carries out each command of a session, in a kind of conversation. */
export function handlersOf(kind: ConversationRecord["kind"]): CommandHandlers {
  return kind === "room" ? roomHandlers : handlers;
}
