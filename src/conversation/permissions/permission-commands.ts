import { memberRoles } from "../../model/records.ts";
import type { CommandOf } from "../../protocol/commands.ts";
import type { ErrorName } from "../../protocol/errors.ts";
import type { PartialResult } from "../../protocol/partial-result.ts";
import * as replies from "../../protocol/permission-replies.ts";
import type { Settings } from "../../settings/schema.ts";
import type { Subscription } from "../delivery/subscription.ts";
import {
  type Requester,
  reachedBy,
  refusalAboutOthers,
  refusalOfAll,
} from "../membership/membership-rules.ts";
import type { PolicyChecks } from "../policy.ts";
import type { Replier } from "../replier.ts";
import type { ConversationState } from "../state.ts";
import type { PermissionChanges } from "./permission-changes.ts";
import type { Role } from "./permissions.ts";

/** Clients of a list in one answer, without a `limit` and at most. */
const PAGE = { normal: 10, most: 1_000 };

type Silencing = CommandOf<"conversation.silence" | "conversation.unsilence">;
type Blocking = CommandOf<"conversation.block" | "conversation.unblock">;

/** The commands by which clients give roles, silence and block others, and read the lists. */
export class PermissionCommands {
  readonly #state: ConversationState;
  readonly #changes: PermissionChanges;
  readonly #policy: PolicyChecks;
  readonly #replier: Replier;
  readonly #flush: () => void;
  readonly #rules: () => Settings["security"];

  /**
   * @param flush commits the messages that wait to be stored
   * @param rules the app's settings, as last read
   */
  constructor(
    state: ConversationState,
    changes: PermissionChanges,
    policy: PolicyChecks,
    replier: Replier,
    flush: () => void,
    rules: () => Settings["security"],
  ) {
    this.#state = state;
    this.#changes = changes;
    this.#policy = policy;
    this.#replier = replier;
    this.#flush = flush;
    this.#rules = rules;
  }

  async giveRole(subscription: Subscription, command: CommandOf<"conversation.giveRole">): Promise<void> {
    const { serial, target } = command;
    const refuse = (error: ErrorName) => this.#replier.refuse(subscription, serial, error);
    const { clientId } = subscription;
    const asking = this.#requester(clientId);
    const refusal = this.#rolesRefusal() ?? refusalAboutOthers("giveRole", asking, this.#rules());
    if (refusal !== undefined) return refuse(refusal);
    if (command.role === "Owner") return refuse("OWNER_PROMOTION_NOT_ALLOWED");
    const role = memberRoles.find((known) => known === command.role);
    if (role === undefined) return refuse("UNKNOWN_CONVERSATION_ROLE");
    const [failure] = reachedBy("giveRole", asking, [target], (id) => this.#roleOf(id)).failed;
    if (failure !== undefined) return refuse(failure.error);
    const { id: conversationId } = this.#state.facts;
    const given = await this.#changes.giveRole(target, role, clientId, () =>
      this.#replier.reply(subscription, serial, replies.roleGiven(serial, { conversationId })),
    );
    if ("refused" in given) refuse(given.refused);
  }

  silence(subscription: Subscription, { name, serial, members }: Silencing): void {
    const { clientId } = subscription;
    const asking = this.#requester(clientId);
    const refusal = this.#rolesRefusal() ?? refusalAboutOthers("silence", asking, this.#rules());
    if (refusal !== undefined) return this.#replier.refuse(subscription, serial, refusal);
    const outcome = reachedBy("silence", asking, members, (id) => this.#roleOf(id));
    const refusalForAll = refusalOfAll(outcome);
    if (refusalForAll !== undefined) return this.#replier.refuse(subscription, serial, refusalForAll);
    const { reached, failed } = outcome;
    const silences = name === "conversation.silence";
    const reply = (result: PartialResult) => {
      const all = {
        ...this.#place,
        silences,
        allowed: result.allowed,
        failed: [...failed, ...result.failed],
      };
      this.#replier.reply(subscription, serial, replies.silencesChanged(serial, all));
    };
    if (silences) this.#changes.silence(reached, clientId, reply);
    else this.#changes.unsilence(reached, clientId, reply);
  }

  /** A signature or a hook is asked before, where the app wants it; the rules are checked again after that. */
  async block(subscription: Subscription, command: Blocking): Promise<void> {
    const { serial, members } = command;
    const { clientId } = subscription;
    if (command.needsCheck && this.#blockRefusal(clientId) === undefined) {
      const rejection = await this.#policy.checkBlacklist(subscription, command);
      if (rejection !== undefined) return this.#replier.reject(subscription, serial, rejection);
      this.#flush();
    }
    const refusal = this.#blockRefusal(clientId);
    if (refusal !== undefined) return this.#replier.refuse(subscription, serial, refusal);
    const asking = this.#requester(clientId);
    const outcome = reachedBy("block", asking, members, (id) => this.#roleOf(id));
    const refusalForAll = refusalOfAll(outcome);
    if (refusalForAll !== undefined) return this.#replier.refuse(subscription, serial, refusalForAll);
    const { reached, failed } = outcome;
    const blocks = command.name === "conversation.block";
    const reply = (result: PartialResult) => {
      const all = { ...this.#place, blocks, allowed: result.allowed, failed: [...failed, ...result.failed] };
      this.#replier.reply(subscription, serial, replies.blacklistChanged(serial, all));
    };
    if (blocks) await this.#changes.block(reached, clientId, reply);
    else this.#changes.unblock(reached, clientId, reply);
  }

  listSilenced(subscription: Subscription, command: CommandOf<"conversation.silenced">): void {
    const { serial } = command;
    const refusal = this.#rolesRefusal() ?? this.#readRefusal(subscription.clientId);
    if (refusal !== undefined) return this.#replier.refuse(subscription, serial, refusal);
    const page = this.#state.permissions.silences.list.page(command.offset, sizeOf(command.limit));
    this.#replier.reply(subscription, serial, replies.silencedClients(serial, { ...this.#place, ...page }));
  }

  listBlocked(subscription: Subscription, command: CommandOf<"conversation.blocked">): void {
    const { serial } = command;
    const refusal = this.#blacklistsRefusal() ?? this.#readRefusal(subscription.clientId);
    if (refusal !== undefined) return this.#replier.refuse(subscription, serial, refusal);
    const page = this.#state.permissions.blacklist.page(command.offset, sizeOf(command.limit));
    this.#replier.reply(subscription, serial, replies.blockedClients(serial, { ...this.#place, ...page }));
  }

  checkSilenced(subscription: Subscription, command: CommandOf<"conversation.checkSilenced">): void {
    const { serial, members } = command;
    const refusal = this.#rolesRefusal() ?? this.#readRefusal(subscription.clientId, members);
    if (refusal !== undefined) return this.#replier.refuse(subscription, serial, refusal);
    const clientIds = [...new Set(members)].filter((id) => this.#state.permissions.silences.list.has(id));
    this.#replier.reply(subscription, serial, replies.silencedAmong(serial, { ...this.#place, clientIds }));
  }

  checkBlocked(subscription: Subscription, command: CommandOf<"conversation.checkBlocked">): void {
    const { serial, members } = command;
    const refusal = this.#blacklistsRefusal() ?? this.#readRefusal(subscription.clientId, members);
    if (refusal !== undefined) return this.#replier.refuse(subscription, serial, refusal);
    const clientIds = [...new Set(members)].filter((id) => this.#state.permissions.blacklist.has(id));
    this.#replier.reply(subscription, serial, replies.blockedAmong(serial, { ...this.#place, clientIds }));
  }

  get #place(): { conversationId: string } {
    return { conversationId: this.#state.facts.id };
  }

  #rolesRefusal(): ErrorName | undefined {
    return this.#rules().memberRoles ? undefined : "CONVERSATION_MEMBER_INFO_FEATURE_DISABLED";
  }

  #blacklistsRefusal(): ErrorName | undefined {
    return this.#rules().blacklists ? undefined : "BLACKLIST_FEATURE_DISABLED";
  }

  #blockRefusal(clientId: string): ErrorName | undefined {
    const { hasMembers } = this.#state.rules;
    // Anybody may speak in a chat room; without roles, its creator alone decides who does not.
    const rules: Pick<Settings["security"], "removeOthers"> = hasMembers
      ? this.#rules()
      : { removeOthers: this.#rules().memberRoles ? "members" : "creator" };
    return this.#blacklistsRefusal() ?? refusalAboutOthers("block", this.#requester(clientId), rules);
  }

  /** Members read the lists; anybody may ask about themselves. */
  #readRefusal(clientId: string, about: readonly string[] = []): ErrorName | undefined {
    const isAboutItself = about.length > 0 && about.every((id) => id === clientId);
    return isAboutItself || this.#belongs(clientId) ? undefined : "CONVERSATION_MEMBERSHIP_REQUIRED";
  }

  #requester(clientId: string): Requester {
    const isMember = this.#belongs(clientId);
    const isCreator = this.#state.facts.creator === clientId;
    const role = this.#rules().memberRoles ? this.#roleOf(clientId) : undefined;
    const areRolesGiven = this.#state.permissions.roles.size > 0;
    return { clientId, isMember, isCreator, role, areRolesGiven };
  }

  /** A chat room has no members: clients without a role there, or that are blocked, may do nothing to others. */
  #belongs(clientId: string): boolean {
    const { rules, members, permissions } = this.#state;
    return rules.hasMembers ? members.has(clientId) : !permissions.blacklist.has(clientId);
  }

  #roleOf(clientId: string): Role {
    return this.#state.permissions.roleOf(clientId, this.#state.facts.creator);
  }
}

function sizeOf(limit = PAGE.normal): number {
  return Math.min(limit, PAGE.most);
}
