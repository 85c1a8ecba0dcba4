import type { MessageRecord } from "../../model/records.ts";
import type { Refused } from "../../protocol/outcome.ts";
import type { HistoryRequest } from "../log/history-pages.ts";
import type { MessageLocation } from "../server-calls.ts";
import type { ConversationState } from "../state.ts";
import type { AudienceName, ValidBroadcast } from "./service-calls.ts";
import type { ServiceState } from "./service-state.ts";

export interface ServiceRequestsHost {
  now(): number;
  /** Runs its argument in a later turn, even if the clock stands still. */
  inNextTurn(run: () => void): void;
  /** Deletes a message for everybody. */
  deleteMessage(location: MessageLocation): undefined | Refused;
}

/** What the app's server asks of a service about one of its clients, beside sending (http-api §2.4). */
export class ServiceRequests {
  readonly #state: ConversationState;
  readonly #service: ServiceState;
  readonly #host: ServiceRequestsHost;

  constructor(state: ConversationState, service: ServiceState, host: ServiceRequestsHost) {
    this.#state = state;
    this.#service = service;
    this.#host = host;
  }

  /** A page of what a client and the service said to each other, and what was broadcast to subscribers. */
  async dialogue(clientId: string, request: HistoryRequest): Promise<MessageRecord[]> {
    const slices = this.#service.views.dialogue(request, clientId);
    for (;;) {
      const slice = slices.next();
      if (slice.done) return slice.value;
      await new Promise<void>((resolve) => this.#host.inNextTurn(resolve));
    }
  }

  audienceOf({ timestamp, messageId }: MessageLocation): AudienceName | undefined {
    const message = this.#state.log.find(timestamp, messageId);
    if (message === undefined) return undefined;
    const audience = this.#service.audienceOf(message);
    return typeof audience === "string" ? audience : "clients";
  }

  broadcasts({ skip, limit }: { skip: number; limit: number }): ValidBroadcast[] {
    const valid = this.#service.globals.validAt(this.#host.now()).toReversed();
    return valid.slice(skip, skip + limit).flatMap(({ timestamp, validTill }) => {
      const message = this.#state.log.at(timestamp);
      return message === undefined ? [] : [{ message, validTill }];
    });
  }

  deleteBroadcast(location: MessageLocation): undefined | Refused {
    return this.audienceOf(location) === "everybody"
      ? this.#host.deleteMessage(location)
      : { refused: "MESSAGE_NOT_FOUND" };
  }

  /** Takes a message out of what one client may read; the last one of whom it was for takes it away altogether. */
  hideFrom(clientId: string, location: MessageLocation): undefined | Refused {
    const message = this.#state.log.find(location.timestamp, location.messageId);
    if (message === undefined) return { refused: "MESSAGE_NOT_FOUND" };
    if (location.from !== undefined && message.from !== location.from)
      return { refused: "MESSAGE_OWNERSHIP_REQUIRED" };
    const audience = this.#service.audienceOf(message);
    if (audience === "everybody")
      return { refused: "MESSAGE_NOT_FOUND", detail: "it was broadcast to everybody" };
    if (audience === "subscribers") {
      this.#service.views.hide(clientId, message.timestamp);
      return undefined;
    }
    if (!audience.includes(clientId)) return { refused: "MESSAGE_NOT_FOUND" };
    const others = audience.filter((other) => other !== clientId && other !== message.from);
    if (others.length === 0) return this.#host.deleteMessage(location);
    this.#service.views.audiences.remove(clientId, message.timestamp);
    this.#state.log.setRecipients(message.timestamp, others);
    return undefined;
  }
}
