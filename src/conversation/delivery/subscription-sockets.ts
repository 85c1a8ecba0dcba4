import type { ObjectSocket } from "../../object-socket.ts";
import { decodeCommand } from "../../protocol/decode.ts";
import { framesIn } from "../../protocol/joined-frames.ts";
import {
  type ConversationRequest,
  linkClose,
  type SubscriptionRequest,
} from "../../protocol/link-controls.ts";
import type { OpenConversation } from "../assemble-conversation.ts";
import { isConversationCommand } from "../commands.ts";
import type { Subscription, SubscriptionIdentity, SubscriptionPort } from "./subscription.ts";

/** `readyState` as of a WebSocket. */
export type SubscriptionSocket = ObjectSocket<SubscriptionIdentity> & { readonly readyState: number };

/** The sockets of a conversation's subscriptions. */
export class SubscriptionSockets {
  readonly #subscriptions = new Map<SubscriptionSocket, Subscription>();

  get size(): number {
    return this.#subscriptions.size;
  }

  get subscriptions(): Subscription[] {
    return [...this.#subscriptions.values()];
  }

  /** Takes over sockets that survived hibernation. */
  restore(sockets: Iterable<SubscriptionSocket>): void {
    for (const socket of sockets) {
      const identity = socket.deserializeAttachment();
      if (identity !== null) this.#subscriptions.set(socket, { ...identity, port: portOf(socket) });
    }
  }

  /** Opens a subscription for a session that the gateway has authenticated. Returns whether it is not too far behind. */
  open(
    { conversation, delivery }: OpenConversation,
    request: SubscriptionRequest,
    socket: SubscriptionSocket,
  ): boolean {
    conversation.reads.flushOf([request.clientId]);
    const subscription = delivery.subscribe(request, portOf(socket));
    if (subscription === undefined) socket.close(1011, "too far behind");
    else this.#subscriptions.set(socket, subscription);
    return subscription !== undefined;
  }

  /** A frame or a request arrived. Resolves when it has been handled. */
  async received(
    open: OpenConversation | undefined,
    socket: SubscriptionSocket,
    data: ArrayBuffer | Uint8Array | string,
  ): Promise<void> {
    const subscription = this.#subscriptions.get(socket);
    if (open === undefined || subscription === undefined) return socket.close(1011, "not subscribed");
    if (typeof data === "string") {
      const request: ConversationRequest = JSON.parse(data);
      if (request.type === "unsubscribe") return open.delivery.evict(subscription);
      open.delivery.setPresent(subscription, false);
      // It may have been told the opposite before.
      return open.delivery.send(subscription, open.delivery.presence(false));
    }
    const commands = framesIn(new Uint8Array(data)).map(decodeCommand);
    await open.conversation.handleAll(
      subscription,
      commands.filter((command) => command !== undefined).filter(isConversationCommand),
    );
  }

  closed(open: OpenConversation | undefined, socket: SubscriptionSocket): void {
    const subscription = this.#subscriptions.get(socket);
    if (subscription === undefined) return;
    this.#subscriptions.delete(socket);
    open?.conversation.reads.flushOf([subscription.clientId]);
    open?.delivery.closed(subscription);
    open?.conversation.receipts.subscriptionClosed(subscription);
  }

  /** The conversation is deleted. The code is for no reader: a gateway that dials again finds no conversation. */
  closeAll(): void {
    for (const socket of this.#subscriptions.keys()) socket.close(linkClose.LOST, "deleted");
    this.#subscriptions.clear();
  }
}

/** `readyState` of a WebSocket that takes frames. */
const OPEN = 1;

function portOf(socket: SubscriptionSocket): SubscriptionPort {
  return {
    isOpen: () => socket.readyState === OPEN,
    send: (frame) => socket.send(frame),
    save: (identity) => socket.serializeAttachment(identity),
  };
}
