import { INVITATIONS_OF_ONE, INVITATIONS_PER_SOCKET, INVITED_REMEMBERED } from "../../bounds.ts";
import type { Command } from "../../protocol/commands.ts";
import type { Settings } from "../../settings/schema.ts";
import type { AddressAllowances } from "./address-allowances.ts";
import type { Backlog } from "./backlog.ts";
import { frameRefusal, type Refusal } from "./frame-bounds.ts";
import { InvitationCounts } from "./invitation-counts.ts";
import { RateLimits } from "./rate-limits.ts";
import { TokenBucket } from "./token-bucket.ts";

/**
 * The commands that make most of the work, and that people repeat by themselves. Cursors and logouts are not among
 * them: SDKs do not notice when they fail.
 */
const REFUSED_WHEN_BUSY: ReadonlySet<Command["name"]> = new Set([
  "message.send",
  "message.history",
  "message.patch",
  "conversation.start",
  "conversation.query",
]);

const TOO_MANY: Refusal = { error: "MESSAGE_SENT_QUOTA_EXCEEDED" };

/** Decides which commands of one socket are taken: by rates, by how busy the server is, and by what a command asks. */
export class CommandAdmission {
  readonly #allowances: AddressAllowances | undefined;
  readonly #backlog: Backlog | undefined;
  readonly #rates: RateLimits;
  /** How many clients may be added to conversations, and how often each; undefined until one is. */
  #invitations: { total: TokenBucket; ofEach: InvitationCounts } | undefined;

  /**
   * @param address the address that the device is counted by
   * @param allowances those of this address; undefined if they are not counted
   * @param backlog undefined if no send is refused because of others
   */
  constructor(
    address: string | undefined,
    allowances: AddressAllowances | undefined,
    backlog: Backlog | undefined,
  ) {
    this.#rates = new RateLimits(address);
    this.#allowances = allowances;
    this.#backlog = backlog;
  }

  /** Counts a frame. Returns whether it is handled at all. */
  takesFrame(bytes: number, now: number): boolean {
    return this.#rates.takesFrame(bytes, now);
  }

  /** Counts a command, unless a rate does not allow it. Returns whether it is allowed. */
  isWithinRates(
    clientId: string,
    command: Command,
    frameLength: number,
    { limits }: Settings,
    now: number,
  ): boolean {
    return this.#rates.allows(clientId, command, frameLength, limits, now);
  }

  /** Counts a command of a client. Returns why it is refused; undefined if it is not. */
  refusal(
    clientId: string,
    command: Command,
    frameLength: number,
    settings: Settings,
    now: number,
  ): Refusal | undefined {
    if (!this.isWithinRates(clientId, command, frameLength, settings, now)) return TOO_MANY;
    if (
      REFUSED_WHEN_BUSY.has(command.name) &&
      this.#backlog?.refuses(conversationIn(command), clientId, now)
    ) {
      return { ...TOO_MANY, detail: "the server is busy" };
    }
    const refusal = frameRefusal(command, frameLength, settings);
    if (refusal !== undefined) return refusal;
    switch (command.name) {
      case "malformed":
        return { error: command.error, detail: command.detail };
      case "unsupported":
        return { error: command.error, detail: command.what };
      case "conversation.start":
      case "conversation.add":
      case "conversation.silence":
      case "conversation.unsilence":
      case "conversation.block":
      case "conversation.unblock":
        return this.#mayInvite(clientId, command.members, now) ? undefined : TOO_MANY;
      default:
        return undefined;
    }
  }

  /**
   * Whether more clients may be added to conversations, silenced or blocked: each of them has to be notified. All clients of the socket are
   * counted together.
   */
  #mayInvite(clientId: string, members: string[], now: number): boolean {
    const others = [...new Set(members)].filter((member) => member !== clientId);
    this.#invitations ??= {
      total: new TokenBucket(INVITATIONS_PER_SOCKET),
      ofEach: new InvitationCounts(INVITATIONS_OF_ONE.bySocket, INVITED_REMEMBERED.bySocket),
    };
    const { total, ofEach } = this.#invitations;
    const allowances = this.#allowances;
    return (
      total.take(others.length, now) &&
      ofEach.take(others, now) &&
      (allowances === undefined ||
        (allowances.invitations.take(others.length, now) && allowances.mayInvite(others, now)))
    );
  }
}

function conversationIn(command: Command): string | undefined {
  return command.name === "message.send" || command.name === "message.history"
    ? command.conversationId
    : undefined;
}
