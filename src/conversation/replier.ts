import type { ErrorName } from "../protocol/errors.ts";
import { replyRecord } from "../protocol/link-records.ts";
import * as replies from "../protocol/replies.ts";
import type { Delivery } from "./delivery/delivery.ts";
import type { Subscription } from "./delivery/subscription.ts";
import type { Rejection } from "./policy.ts";

/** Replies to commands, each to the session that sent it. A command without a serial gets no reply. */
export class Replier {
  readonly #delivery: Delivery;

  constructor(delivery: Delivery) {
    this.#delivery = delivery;
  }

  reply(subscription: Subscription, serial: number | undefined, payload: Uint8Array): void {
    if (serial !== undefined) this.#delivery.reply(subscription, replyRecord(serial, payload));
  }

  refuse(subscription: Subscription, serial: number | undefined, error: ErrorName, detail?: string): void {
    this.reply(subscription, serial, replies.errorReply(serial, error, { detail }));
  }

  /** Rejected by the app's policy. */
  reject(subscription: Subscription, serial: number | undefined, { error, ...refusal }: Rejection): void {
    this.reply(subscription, serial, replies.errorReply(serial, error, refusal));
  }
}
