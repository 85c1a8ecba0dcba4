import type { MessageRecord } from "../../model/records.ts";
import type { CommandOf } from "../../protocol/commands.ts";
import { controlRecord } from "../../protocol/link-records.ts";
import type { HistoryMessage } from "../../protocol/replies.ts";
import * as replies from "../../protocol/replies.ts";
import { SEEN_VERSION_LIFETIME } from "../../protocol/seen-version.ts";
import type { Settings } from "../../settings/schema.ts";
import type { Delivery } from "../delivery/delivery.ts";
import type { Subscription } from "../delivery/subscription.ts";
import type { HistoryRequest } from "../log/history-pages.ts";
import { historyVisibleFrom } from "../log/visibility.ts";
import type { Receipts } from "../membership/receipts.ts";
import type { Replier } from "../replier.ts";
import type { ConversationState } from "../state.ts";

export interface HistoryHost {
  now(): number;
  /** As last read. */
  settings(): Settings;
  /** Runs its argument in a later turn, even if the clock stands still. */
  inNextTurn(run: () => void): void;
}

const LIMIT_DEFAULT = 20; // messages; SDKs always say how many (wire §4.9)
const LIMIT_MAX = 1000; // messages; SDKs ask for 100 at most, Java lets apps ask for 1000

/** The history of a conversation, as its members and the app's server may read it. */
export class History {
  readonly #state: ConversationState;
  readonly #delivery: Delivery;
  readonly #receipts: Receipts;
  readonly #replier: Replier;
  readonly #host: HistoryHost;

  constructor(
    state: ConversationState,
    delivery: Delivery,
    receipts: Receipts,
    replier: Replier,
    host: HistoryHost,
  ) {
    this.#state = state;
    this.#delivery = delivery;
    this.#receipts = receipts;
    this.#replier = replier;
    this.#host = host;
  }

  /** Replies with a page of history to a client that may read it. */
  async query(subscription: Subscription, command: CommandOf<"message.history">): Promise<void> {
    const { serial } = command;
    const mayRead = () => this.#state.mayRead(subscription.clientId);
    const reject = () => this.#replier.refuse(subscription, serial, "CONVERSATION_LOG_REJECTED");
    if (!mayRead()) return reject();
    const requested = command.limit ?? LIMIT_DEFAULT;
    const limit = requested < 0 ? LIMIT_DEFAULT : Math.min(requested, LIMIT_MAX);
    const { direction, start, end, messageType } = command;
    const request = { direction, start, end, messageType, limit };
    const messages = limit === 0 ? [] : await this.#search(request, subscription.clientId);
    if (!mayRead()) return reject(); // not any more
    const { id: conversationId, kind } = this.#state.facts;
    const page = { conversationId, kind, messages: this.#receipts.withReceipts(messages) };
    const upTo = messages.reduce(
      (last, message) => Math.max(last, message.patchedAt ?? message.timestamp),
      0,
    );
    if (upTo > this.#host.now() - SEEN_VERSION_LIFETIME) {
      this.#delivery.send(subscription, controlRecord({ type: "shown", upTo }));
    }
    this.#replier.reply(subscription, serial, replies.historyPage(serial, page));
  }

  /** A page of history that this viewer may see; without a viewer, for the app's server (http-api §3). */
  async page(request: HistoryRequest, viewer: string | undefined): Promise<HistoryMessage[]> {
    return this.#receipts.withReceipts(await this.#search(request, viewer));
  }

  /** A long search yields to other work. */
  async #search(request: HistoryRequest, viewer: string | undefined): Promise<MessageRecord[]> {
    const slices = this.#slices(request, viewer);
    for (;;) {
      const slice = slices.next();
      if (slice.done) return slice.value;
      await new Promise<void>((resolve) => this.#host.inNextTurn(resolve));
    }
  }

  #slices(request: HistoryRequest, viewer: string | undefined): Generator<undefined, MessageRecord[]> {
    const { log, service } = this.#state;
    if (service === undefined || viewer === undefined)
      return log.history.inSlices(this.#sinceJoining(request, viewer), viewer);
    const isSinceJoining = this.#host.settings().security.historyFrom === "joining";
    return service.views.history(request, viewer, isSinceJoining);
  }

  /** Where the app shows members only messages since they joined, no page goes further back. */
  #sinceJoining(request: HistoryRequest, viewer: string | undefined): HistoryRequest {
    const member = viewer === undefined ? undefined : this.#state.members.get(viewer);
    const from = member === undefined ? 0 : historyVisibleFrom(this.#host.settings(), member);
    if (from === 0) return request;
    const first = { timestamp: from, messageId: undefined, inclusive: false };
    const [bound, given] =
      request.direction === "older" ? (["end", request.end] as const) : (["start", request.start] as const);
    return (given?.timestamp ?? 0) > from ? request : { ...request, [bound]: first };
  }
}
