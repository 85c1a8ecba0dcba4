import type { MessagePlace, PatchByServer, Refused, Said } from "../env.ts";
import type { ConversationRecord, MessageRecord } from "../history/records.ts";
import type { EventOutbox } from "../hooks/event-outbox.ts";
import type { CommandOf } from "../protocol/commands.ts";
import type { SyncMode } from "../protocol/link-controls.ts";
import type { HistoryMessage } from "../protocol/replies.ts";
import { reason } from "../reason.ts";
import { pushPolicyBy } from "../settings/schema.ts";
import { Answers } from "./answers.ts";
import type { ConversationCommand } from "./commands.ts";
import type { Delivery } from "./delivery.ts";
import { type Draft, isPushedBy } from "./draft.ts";
import { Happenings, type HappeningsHost } from "./happenings.ts";
import type { Link } from "./lanes.ts";
import type { HistoryRequest } from "./log.ts";
import { Membership } from "./membership.ts";
import { Messages, type MessagesHost, type Will } from "./messages.ts";
import type { Notification } from "./notices.ts";
import type { Outbox } from "./outbox.ts";
import { seesFrom } from "./past.ts";
import { Patches } from "./patches.ts";
import { Receipts } from "./receipts.ts";
import { NOBODY } from "./replay.ts";
import type { ConversationState, Member } from "./state.ts";
import { type Supervised, Supervision, type SupervisionHost, UNSUPERVISED } from "./supervision.ts";
import { Turns } from "./turns.ts";

/** What a session that logs in wants to know. */
export interface CatchUpRequest {
  mode: SyncMode;
  /** When it logged in (ms): what came later is not missed, and reaches it as everything new does. */
  asOf: number;
  /** Edits and recalls after this time are wanted; undefined when none are (M-19). */
  patchesSince: number | undefined;
  /** When a `.1` device of the client first logged in: what came before was never owed to one. */
  firstPushAt: number | undefined;
}

/** When the client last missed something by being away, whether or not it was told since (ms, 0 for never). */
export interface ChangeTimes {
  patchedAt: number;
  /** Its read mark moved, by another device of its own. */
  readAt: number;
  noticedAt: number;
}

/** What a session is told about a conversation when it logs in (L5); `member: false` when it is none (any more). */
export type CatchUp = {
  changed: ChangeTimes;
  /** Time of the log's newest entry then: everything up to here is covered. */
  head: number;
  /** What is new here goes over links, be it those of sessions that are gone: no inbox hears of it. */
  byLinks: boolean;
} & (
  | { member: false }
  | {
      member: true;
      kind: ConversationRecord["kind"];
      unread: number;
      mentioned: boolean;
      /** Absent when nothing is unread. */
      lastMessage: MessageRecord | undefined;
      patches: MessageRecord[];
      /** Only for `.1` devices: what none of them acknowledged, oldest first (Y-02). */
      missed: MessageRecord[];
      /** Whether older ones were left out of `missed`. */
      more: boolean;
    }
);

/** Messages pushed per conversation after an absence (L-09). */
const MISSED_MAX = 20;
/** Edits and recalls of one conversation told at a login: the newest, since SDKs ask for older ones never again. */
const PATCHES_MAX = 1_000;

export interface ConversationHost extends MessagesHost, SupervisionHost, HappeningsHost {
  /** Asks for the settings if they are not known to be fresh; undefined when they are. Never rejects. */
  refreshSettings(): Promise<unknown> | undefined;
}

/** What clients may see and do by the app's settings: nobody goes by what they were a while ago. */
function goesBySettings({ name }: ConversationCommand): boolean {
  return ["conversation.add", "conversation.count", "message.history", "message.patch"].includes(name);
}

/** The rules of one conversation: who may do what, what it changes, who is told. */
export class Conversation {
  readonly membership: Membership;
  readonly receipts: Receipts;
  readonly happenings: Happenings;
  readonly #state: ConversationState;
  readonly #delivery: Delivery;
  readonly #answers: Answers;
  readonly #messages: Messages;
  readonly #patches: Patches;
  readonly #supervision: Supervision;
  readonly #turns = new Turns();
  readonly #host: ConversationHost;
  /** Commands that wait for fresh settings, in order; undefined when none do. */
  #backlog: { link: Link; command: ConversationCommand }[] | undefined;

  /** @param links those that outlived the object's sleep */
  constructor(
    state: ConversationState,
    delivery: Delivery,
    links: Iterable<Link>,
    outbox: Outbox,
    events: EventOutbox,
    host: ConversationHost,
  ) {
    this.#host = host;
    this.#state = state;
    this.#delivery = delivery;
    this.#answers = new Answers(delivery);
    this.receipts = new Receipts(state, delivery, links, () => host.now());
    this.happenings = new Happenings(state, delivery, events, host);
    this.#supervision = new Supervision(state, host);
    const { happenings } = this;
    this.#messages = new Messages(state, delivery, this.receipts, this.#answers, host, (message, about) =>
      happenings.sent(message, about),
    );
    this.#patches = new Patches(state, delivery, this.#answers, host);
    this.membership = new Membership(state, delivery, this.receipts, outbox, this.#answers, {
      now: () => host.now(),
      archiveSoon: () => host.archiveSoon(),
      limits: () => host.settings().limits,
      rules: () => host.settings().security,
      happened: (event) => happenings.happened(event),
    });
  }

  /** Answers one command of a linked session, by the identity of its link, whatever the frame claims (L8). */
  async handle(link: Link, command: ConversationCommand): Promise<void> {
    if (this.#backlog !== undefined) {
      this.#backlog.push({ link, command });
      return;
    }
    const needsSettings = command.supervised || goesBySettings(command);
    const refreshing = needsSettings ? this.#host.refreshSettings() : undefined;
    if (refreshing === undefined) return this.#answer(link, command);
    // Whatever comes meanwhile waits too: commands take effect in the order they came (I2).
    this.#backlog = [{ link, command }];
    await refreshing;
    const backlog = this.#backlog;
    this.#backlog = undefined;
    await Promise.all(backlog.map((waiting) => this.#answer(waiting.link, waiting.command)));
  }

  /** What the app has a say in takes time; meanwhile its client's next commands queue up, and only his (I2). */
  async #answer(link: Link, command: ConversationCommand): Promise<void> {
    const { clientId } = link;
    if (!command.supervised && !this.#turns.isBusy(clientId)) return this.#attempt(link, command);
    return this.#turns.take(clientId, () => this.#attempt(link, command));
  }

  async #attempt(link: Link, command: ConversationCommand): Promise<void> {
    try {
      await this.#carryOut(link, command);
    } catch (error) {
      console.error(`${command.name}:`, reason(error));
      this.#answers.refuse(link, command.serial, "CONVERSATION_INTERNAL_ERROR");
    }
  }

  async #carryOut(link: Link, command: ConversationCommand): Promise<void> {
    const { serial } = command;
    if (command.name === "message.send") return this.#send(link, command);
    this.#messages.flush(); // one sender's commands take effect in the order he gave them
    switch (command.name) {
      case "message.history":
        return this.#messages.history(link, command);
      case "message.acknowledge":
        return this.receipts.acknowledge(link, command);
      case "message.patch":
        return this.#patch(link, command);
      case "read":
        return this.#messages.read(link, command);
      case "conversation.add":
      case "conversation.remove":
        return this.#changeMembers(link, command);
      case "conversation.update":
        return this.#update(link, command);
      case "conversation.mute":
      case "conversation.unmute":
        return this.#mute(link, command);
      case "conversation.count":
        return this.membership.count(link, serial);
      case "conversation.members":
        return this.#answers.refuse(link, serial, "TRANSIENT_CONVERSATION_REQUIRED");
      case "conversation.maxRead":
        return this.membership.maxRead(link, command);
    }
  }

  async #send(link: Link, command: CommandOf<"message.send">): Promise<void> {
    if (!command.supervised || this.#messages.isDecided(link, command)) {
      return this.#messages.send(link, command, UNSUPERVISED);
    }
    const supervised = await this.#supervision.aboutMessage(link, command);
    if ("error" in supervised) return this.#messages.object(link, command.serial, supervised);
    this.#messages.send(link, command, supervised);
  }

  async #patch(link: Link, command: CommandOf<"message.patch">): Promise<void> {
    const mine = this.#patches.mine(command);
    const asked = command.supervised && this.#patches.refusal(link, mine) === undefined ? mine : [];
    const supervised: Supervised[] = [];
    for (const patch of asked) {
      const outcome = await this.#supervision.aboutPatch(link, patch);
      if ("error" in outcome) return this.#answers.object(link, command.serial, outcome);
      supervised.push(outcome);
    }
    this.#messages.flush();
    this.#patches.patch(link, command, supervised);
  }

  async #changeMembers(
    link: Link,
    command: CommandOf<"conversation.add" | "conversation.remove">,
  ): Promise<void> {
    const operation = command.name === "conversation.add" ? "add" : "remove";
    if (command.supervised && this.membership.refusal(operation, link, command.members) === undefined) {
      const objection = await this.#supervision.aboutMembers(link, command);
      if (objection !== undefined) return this.#answers.object(link, command.serial, objection);
      this.#messages.flush();
    }
    if (command.name === "conversation.add") return this.membership.add(link, command);
    return this.membership.remove(link, command);
  }

  async #update(link: Link, command: CommandOf<"conversation.update">): Promise<void> {
    let { changes } = command;
    if (command.supervised && this.#state.members.has(link.clientId)) {
      const outcome = await this.#supervision.aboutUpdate(link, { attributes: changes });
      if ("error" in outcome) return this.#answers.object(link, command.serial, outcome);
      if ("attributes" in outcome) changes = outcome.attributes;
      this.#messages.flush();
    }
    return this.membership.update(link, command.serial, changes);
  }

  async #mute(link: Link, command: CommandOf<"conversation.mute" | "conversation.unmute">): Promise<void> {
    let mute = command.name === "conversation.mute";
    if (command.supervised && this.#state.members.has(link.clientId)) {
      const outcome = await this.#supervision.aboutUpdate(link, { mute });
      if ("error" in outcome) return this.#answers.object(link, command.serial, outcome);
      if ("mute" in outcome) mute = outcome.mute;
    }
    return this.membership.mute(link, command.serial, mute);
  }

  /** What the app's server says, edits and takes out (http-api §2.1, §2.2). */
  async say({
    noSync,
    transient,
    ...said
  }: Said): Promise<{ messageId: string; timestamp: number } | Refused> {
    const draft: Draft = {
      ...{ ...said, noSync, origin: NOBODY, receipt: false, address: undefined, recipients: undefined },
      changed: undefined,
      isPushed: isPushedBy(pushPolicyBy(this.#host.settings()), said.pushData),
    };
    return this.#messages.say(draft, transient);
  }

  patchByServer(patch: PatchByServer): undefined | Refused {
    this.#messages.flush();
    return this.#patches.patchByServer(patch);
  }

  deleteMessage(place: MessagePlace): undefined | Refused {
    this.#messages.flush();
    return this.#patches.delete(place);
  }

  /** A page of history as this client may see it; undefined is the app's server (http-api §3). */
  async history(request: HistoryRequest, viewer: string | undefined): Promise<HistoryMessage[]> {
    this.#messages.flush();
    return this.receipts.shown(await this.#messages.page(request, viewer));
  }

  /** Messages of others after a member's read mark (Y-22); undefined for who is none. */
  unread(clientId: string): number | undefined {
    this.#messages.flush();
    const member = this.#state.members.get(clientId);
    return member && this.#state.log.unread(clientId, member.readAt).count;
  }

  /** Of these clients those who may see a message and have not read it; nobody once it is recalled or gone. */
  stillNewTo({ timestamp, messageId }: Omit<MessagePlace, "from">, clientIds: readonly string[]): string[] {
    this.#messages.flush();
    const { log, members } = this.#state;
    const message = log.find(timestamp, messageId);
    if (message === undefined || message.recalled || message.deleted) return [];
    return clientIds.filter((clientId) => (members.get(clientId)?.readAt ?? timestamp) < timestamp);
  }

  /** A client logged in whose inbox names this conversation. */
  catchUp(clientId: string, { mode, asOf, patchesSince, firstPushAt }: CatchUpRequest): CatchUp {
    this.#messages.flush();
    const { log, facts, notices } = this.#state;
    const member = this.#state.members.get(clientId);
    const { end: head, lastNotice } = this.#state.endAt(asOf);
    this.#delivery.caughtUp(clientId, head, lastNotice);
    const byLinks = this.#delivery.isServedByLinks(clientId);
    const changed = { patchedAt: log.patchedAt, readAt: member?.readMovedAt ?? 0, noticedAt: notices.last };
    if (member === undefined) return { member: false, changed, head, byLinks };
    const from = seesFrom(this.#host.settings(), member);
    const unread = log.unread(clientId, member.readAt, head);
    const missed = mode === "push" ? this.#missed(member, head, firstPushAt) : { messages: [], more: false };
    const patches =
      patchesSince === undefined ? [] : log.lastPatchedAfter(clientId, patchesSince, PATCHES_MAX);
    return {
      member: true,
      changed,
      head,
      byLinks,
      kind: facts.kind,
      unread: unread.count,
      mentioned: unread.mentioned,
      lastMessage: unread.count > 0 ? log.last(head, clientId) : undefined,
      patches: patches.filter(({ patchedAt = 0, timestamp }) => patchedAt <= head && timestamp > from),
      missed: missed.messages,
      more: missed.more,
    };
  }

  /** From the first login of a `.1` device on, what none of them acknowledged; before it, what is unread. */
  #missed(member: Member, head: number, firstPushAt: number | undefined) {
    if (member.pushedAt === undefined) {
      const known = Math.min(member.readAt, firstPushAt ?? member.readAt);
      member.pushedAt = Math.max(member.joinedAt, known);
      this.#state.saveDelivered(member);
    }
    return this.#state.log.newestOfOthers(member.clientId, member.pushedAt, head, MISSED_MAX);
  }

  /** What a client missed beside messages after a time, and whether that is all of it. */
  missedNotices(clientId: string, after: number): { notifications: Notification[]; complete: boolean } {
    const { notices, members, facts } = this.#state;
    const place = { after, conversationId: facts.id, isMember: members.has(clientId) };
    const notifications = notices.missedBy(clientId, place);
    return { notifications, complete: notices.reachesBackTo(after) };
  }

  /** Sends a client's will here (M-47). The word list is all the app has to say of it. */
  async will(from: string, will: Will): Promise<void> {
    await this.#host.refreshSettings();
    const filtered = await this.#supervision.filtered(will.content);
    this.#messages.flush();
    this.#messages.will(from, { ...will, content: filtered ?? will.content });
  }
}
