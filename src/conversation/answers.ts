import type { ErrorName } from "../protocol/errors.ts";
import { replyRecord } from "../protocol/link-records.ts";
import * as replies from "../protocol/replies.ts";
import type { Delivery } from "./delivery.ts";
import type { Link } from "./lanes.ts";
import type { Objection } from "./supervision.ts";

/** Answers to commands, each to the session that asked; none for a command without a serial. */
export class Answers {
  readonly #delivery: Delivery;

  constructor(delivery: Delivery) {
    this.#delivery = delivery;
  }

  reply(link: Link, serial: number | undefined, payload: Uint8Array): void {
    if (serial !== undefined) this.#delivery.send(link, replyRecord(serial, payload));
  }

  refuse(link: Link, serial: number | undefined, error: ErrorName, detail?: string): void {
    this.reply(link, serial, replies.errorReply(serial, error, { detail }));
  }

  /** Refused by the app's own say. */
  object(link: Link, serial: number | undefined, { error, ...refusal }: Objection): void {
    this.reply(link, serial, replies.errorReply(serial, error, refusal));
  }
}
