import { isClientId } from "../../model/client-id.ts";
import type { MemberRole, StoredRole } from "../../model/records.ts";
import type { ErrorName } from "../../protocol/errors.ts";
import { newObjectId } from "../../protocol/object-id.ts";
import type { Refused } from "../../protocol/outcome.ts";
import { type PartialResult, partialResultOf } from "../../protocol/partial-result.ts";
import type { ListChange } from "../../protocol/permission-events.ts";
import type { Settings } from "../../settings/schema.ts";
import type { Outbox } from "../copy/outbox.ts";
import type { Delivery } from "../delivery/delivery.ts";
import { changeRecord } from "../delivery/notice-records.ts";
import { NO_ORIGIN } from "../delivery/skipped-entry.ts";
import type { Membership } from "../membership/membership.ts";
import type { ConversationState } from "../state.ts";
import { ListNotices } from "./list-notices.ts";

export interface PermissionHost {
  now(): number;
  /** As last read. */
  limits(): Pick<Settings["limits"], "listedClients" | "listedClientsInRooms">;
  /** Whether roles are on. */
  hasRoles(): boolean;
  /** Something changed that D1 lacks. */
  archiveSoon(): void;
  /** Clients were blocked that are no members: they hear nothing here any more. Called in the turn that blocks them. */
  blocked(clientIds: readonly string[]): void;
}

/**
 * Changes of roles, silences and blacklist, by clients and by the app's server. Whether a client may make them is decided
 * before, in the same turn. The author gets a reply, and then the clients that it is about and the members are notified
 * (X-18).
 */
export class PermissionChanges {
  readonly #state: ConversationState;
  readonly #delivery: Delivery;
  readonly #membership: Membership;
  readonly #outbox: Outbox;
  readonly #notices: ListNotices;
  readonly #host: PermissionHost;

  constructor(
    state: ConversationState,
    delivery: Delivery,
    membership: Membership,
    outbox: Outbox,
    host: PermissionHost,
  ) {
    this.#state = state;
    this.#delivery = delivery;
    this.#membership = membership;
    this.#outbox = outbox;
    this.#notices = new ListNotices(state, delivery);
    this.#host = host;
  }

  /**
   * Silences clients for good, as many as the list has room for.
   *
   * @param by the author; the empty string for the app's server
   * @param reply is called before anybody is notified
   */
  silence(
    clientIds: readonly string[],
    by: string,
    reply: (result: PartialResult) => void = () => {},
  ): PartialResult {
    const { valid, invalid } = sorted(clientIds);
    const { list } = this.#state.permissions.silences;
    const { added, kept, full } = list.add(valid, this.#listMax);
    const notice = this.#notices.keep("silenced", added, by, this.#host.now());
    const result = partialResultOf(
      [...kept, ...added],
      [
        { error: "SILIENCED_MEMBER_LIST_FULL", clientIds: full },
        { error: "INVALID_LOGIN", clientIds: invalid },
      ],
    );
    reply(result);
    this.#notices.announce(notice);
    return result;
  }

  /** Parameters as for `silence`. */
  unsilence(
    clientIds: readonly string[],
    by: string,
    reply: (result: PartialResult) => void = () => {},
  ): PartialResult {
    const { valid, invalid } = sorted(clientIds);
    const notice = this.#notices.keep(
      "unsilenced",
      this.#state.permissions.silences.list.remove(valid),
      by,
      this.#host.now(),
    );
    const result = partialResultOf(valid, [{ error: "INVALID_LOGIN", clientIds: invalid }]);
    reply(result);
    this.#notices.announce(notice);
    return result;
  }

  /** A change of the app's server. */
  async change(change: ListChange, clientIds: readonly string[]): Promise<PartialResult | Refused> {
    if (this.#fixed !== undefined) return { refused: this.#fixed };
    switch (change) {
      case "silenced":
        return this.silence(clientIds, "");
      case "unsilenced":
        return this.unsilence(clientIds, "");
      case "blocked":
        return this.block(clientIds, "");
      case "unblocked":
        return this.unblock(clientIds, "");
    }
  }

  /**
   * Silences a client for a time, in place of an earlier end. Nobody is notified: nobody would be when it ends.
   *
   * @param duration ms; 0 ends it
   */
  silenceFor(clientId: string, duration: number): undefined | Refused {
    if (this.#fixed !== undefined) return { refused: this.#fixed };
    if (duration === 0) {
      this.#state.permissions.silences.endTemporary(clientId);
      return undefined;
    }
    const now = this.#host.now();
    const hadRoom = this.#state.permissions.silences.silenceUntil(clientId, now + duration, now);
    return hadRoom ? undefined : { refused: "SILIENCED_MEMBER_LIST_FULL" };
  }

  /** Blocks clients, as many as the list has room for, and removes the members among them. As for `silence`. */
  async block(
    clientIds: readonly string[],
    by: string,
    reply: (result: PartialResult) => void = () => {},
  ): Promise<PartialResult> {
    const { valid, invalid } = sorted(clientIds);
    const { added, kept, full } = this.#state.permissions.blacklist.add(valid, this.#listMax);
    const blocked = [...kept, ...added];
    this.#host.blocked(added);
    const notice = this.#notices.keep("blocked", added, by, this.#host.now());
    const removal = this.#membership.removeHere(blocked, by);
    // A role ends with the membership; where nobody is a member, it ends here.
    const endsRoles = this.#state.permissions.roles.remove(blocked);
    if (endsRoles) this.#changed();
    if (removal !== undefined || endsRoles) await this.#outbox.index();
    const result = partialResultOf(blocked, [
      { error: "BLACKLIST_FULL", clientIds: full },
      { error: "INVALID_LOGIN", clientIds: invalid },
    ]);
    reply(result);
    this.#notices.tellListed(notice);
    if (!this.#state.rules.hasMembers) this.#delivery.removeFromAudience(blocked);
    this.#notices.tellMembers(notice);
    if (removal !== undefined) this.#membership.announceRemoval(removal);
    return result;
  }

  /** Parameters as for `silence`. */
  unblock(
    clientIds: readonly string[],
    by: string,
    reply: (result: PartialResult) => void = () => {},
  ): PartialResult {
    const { valid, invalid } = sorted(clientIds);
    const notice = this.#notices.keep(
      "unblocked",
      this.#state.permissions.blacklist.remove(valid),
      by,
      this.#host.now(),
    );
    const result = partialResultOf(valid, [{ error: "INVALID_LOGIN", clientIds: invalid }]);
    reply(result);
    this.#notices.announce(notice);
    return result;
  }

  /**
   * A client does not want to be added by others any more, and leaves if it is a member, or it may be added again.
   * Its own list is in its own object.
   */
  async setRefused(clientId: string, refused: boolean): Promise<undefined | Refused> {
    const { facts, members, permissions, rules } = this.#state;
    if (!refused) {
      permissions.refusals.remove([clientId]);
      return undefined;
    }
    if (rules.fixed.members !== undefined) return { refused: rules.fixed.members };
    const hasRoles = this.#host.hasRoles() && permissions.roles.size > 0;
    const hasToStay = hasRoles && permissions.roleOf(clientId, facts.creator) === "Owner";
    if (hasToStay && members.has(clientId)) return { refused: "CONVERSATION_NEED_OWNER" };
    const { full } = permissions.refusals.add([clientId], REFUSALS_MAX);
    if (full.length > 0) return { refused: "BLACKLIST_FULL" };
    const removal = this.#membership.removeHere([clientId], clientId);
    if (removal === undefined) return undefined;
    await this.#outbox.index();
    this.#membership.announceRemoval(removal);
    return undefined;
  }

  /**
   * Gives a client a role; without effect if it has that role.
   *
   * @param by the author; the empty string for the app's server
   * @param reply is called before members are notified
   */
  async giveRole(
    clientId: string,
    role: MemberRole,
    by: string,
    reply: () => void = () => {},
  ): Promise<StoredRole | Refused> {
    const { facts, permissions } = this.#state;
    const { roles } = permissions;
    if (this.#fixed !== undefined) return { refused: this.#fixed };
    if (permissions.roleOf(clientId, facts.creator) === "Owner")
      return { refused: "CONVERSATION_NEED_OWNER" };
    if (!this.#state.mayWrite(clientId)) return { refused: "CONVERSATION_MEMBERSHIP_REQUIRED" };
    const before = roles.get(clientId);
    if (before?.role === role) {
      reply();
      return before;
    }
    const now = this.#host.now();
    const at = this.#state.nextTime(now);
    const given = roles.give(clientId, role, at, () => newObjectId(now));
    if (given === undefined) return { refused: "CONVERSATION_MEMBER_IN_ROLE_FULL" };
    const updatedAt = this.#state.change({}, now);
    const { infoId } = given;
    this.#state.notices.keep({ kind: "role", by, member: clientId, role, infoId }, updatedAt);
    this.#host.archiveSoon();
    await this.#outbox.index();
    reply();
    const change = { conversationId: facts.id, at: updatedAt, by, member: clientId, role, infoId };
    const record = changeRecord(this.#state, { kind: "role", ...change });
    this.#delivery.notifyMembers({ kind: "notice", record, at: updatedAt }, { origin: NO_ORIGIN });
    return given;
  }

  /** The roles that were given here; only for those who may read here, and for the app's server (undefined). */
  rolesFor(viewer: string | undefined): StoredRole[] | Refused {
    const mayRead = viewer === undefined || this.#state.mayRead(viewer);
    return mayRead ? this.#state.permissions.roles.all() : { refused: "CONVERSATION_MEMBERSHIP_REQUIRED" };
  }

  /** Takes a row away: the client is a plain Member again. Returns whether there was such a row. */
  async takeRole(infoId: string): Promise<boolean> {
    const row = this.#state.permissions.roles.withInfoId(infoId);
    if (row === undefined) return false;
    if (row.role !== "Member") await this.giveRole(row.clientId, "Member", "");
    // Somebody else may have changed it meanwhile.
    if (this.#state.permissions.roles.get(row.clientId)?.role !== "Member") return true;
    this.#state.permissions.roles.remove([row.clientId]);
    this.#changed();
    await this.#outbox.index();
    return true;
  }

  /** D1 lacks something of this conversation. */
  #changed(): void {
    this.#state.change({}, this.#host.now());
    this.#host.archiveSoon();
  }

  /** Why nobody is silenced, blocked or given a role here: its members stay as they are (E-02). */
  get #fixed(): ErrorName | undefined {
    const { fixed, hasMembers } = this.#state.rules;
    return hasMembers ? fixed.members : undefined;
  }

  get #listMax(): number {
    const { listedClients, listedClientsInRooms } = this.#host.limits();
    return this.#state.rules.hasMembers ? listedClients : listedClientsInRooms;
  }
}

/** Clients that refuse one conversation: more than it may have members. */
const REFUSALS_MAX = 10_000;

function sorted(clientIds: readonly string[]): { valid: string[]; invalid: string[] } {
  const named = [...new Set(clientIds)];
  return { valid: named.filter(isClientId), invalid: named.filter((clientId) => !isClientId(clientId)) };
}
