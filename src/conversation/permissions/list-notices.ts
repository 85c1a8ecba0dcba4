import type { ListChange } from "../../protocol/permission-events.ts";
import type { Delivery } from "../delivery/delivery.ts";
import { changeRecord } from "../delivery/notice-records.ts";
import { relayedNotice } from "../delivery/relayed-frames.ts";
import { NO_ORIGIN } from "../delivery/skipped-entry.ts";
import type { ConversationState } from "../state.ts";

/** A notice that is kept, and has to be sent. */
export interface KeptNotice {
  change: ListChange;
  /** The time that it is kept under (ms). */
  at: number;
  /** The author; the empty string for the app's server. */
  by: string;
  /** Those who were put on the list or taken off it. */
  members: string[];
}

/** The notices of changes of a conversation's lists: to those who were listed, and to the members. */
export class ListNotices {
  readonly #state: ConversationState;
  readonly #delivery: Delivery;

  constructor(state: ConversationState, delivery: Delivery) {
    this.#state = state;
    this.#delivery = delivery;
  }

  /** Keeps the notice of a change that is made now (ms), in its turn; undefined if it is about nobody. */
  keep(change: ListChange, members: string[], by: string, now: number): KeptNotice | undefined {
    if (members.length === 0) return undefined;
    const at = this.#state.nextTime(now);
    this.#state.notices.keep({ kind: change, by, members }, at);
    return { change, at, by, members };
  }

  announce(notice: KeptNotice | undefined): void {
    this.tellListed(notice);
    this.tellMembers(notice);
  }

  /** Those whom the change is about. Where nobody is a member, those of them who are there. */
  tellListed(notice: KeptNotice | undefined): void {
    if (notice === undefined) return;
    const { change, at, by, members } = notice;
    const { id: conversationId } = this.#state.facts;
    const record = changeRecord(this.#state, { kind: "listed", conversationId, at, change, by });
    const { hasMembers } = this.#state.rules;
    const told = hasMembers ? members : members.filter((clientId) => this.#delivery.isSubscribed(clientId));
    this.#delivery.notify(told, { kind: "notice", record, at });
    if (!hasMembers) this.#delivery.relay(() => [relayedNotice(record, at, members)]);
  }

  /** The members, or everybody in a room. Who subscribes to a service hears nothing of others. */
  tellMembers(notice: KeptNotice | undefined): void {
    if (notice === undefined || this.#state.rules.isService) return;
    const { id: conversationId } = this.#state.facts;
    const record = changeRecord(this.#state, { kind: "membersListed", conversationId, ...notice });
    this.#delivery.notifyMembers({ kind: "notice", record, at: notice.at }, { origin: NO_ORIGIN });
  }
}
