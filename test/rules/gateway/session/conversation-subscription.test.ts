import { expect, test } from "vitest";
import {
  ConversationSubscription,
  type SubscriptionOwner,
} from "../../../../src/gateway/session/conversation-subscription.ts";
import type { LinkSocket, OpeningLinkEvents } from "../../../../src/gateway/session/link-socket.ts";
import type { ConversationControl } from "../../../../src/protocol/link-controls.ts";
import {
  controlRecord,
  eventRecord,
  joinRecords,
  readRecords,
} from "../../../../src/protocol/link-records.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const event = (text: string) => eventRecord(encoder.encode(text));
const socket: LinkSocket = { send: () => {}, close: () => {} };

/** Tom's session and its subscription to one conversation, whose link the test answers. */
class TomsSession {
  /** What Tom is shown, in order. */
  readonly shown: string[] = [];
  /** Whether the subscription brings what Tom was woken for. */
  hasWakes = true;
  readonly subscription: ConversationSubscription;
  readonly #links: OpeningLinkEvents[] = [];

  constructor() {
    const owner: SubscriptionOwner = {
      now: () => 0,
      timer: () => () => {},
      openLink: (_, __, events) => {
        this.#links.push(events);
        return new Promise(() => {});
      },
      settleWakes: () => this.hasWakes,
      replayed: () => true,
      receive: (_, records) => {
        for (const { kind, payload } of records)
          if (kind === "event") this.shown.push(decoder.decode(payload));
      },
      shown: () => {},
      presenceChanged: () => {},
      subscribed: () => {},
      unsubscribed: () => {},
      reopening: () => {},
      closed: () => {},
      refuse: () => {},
      tooFarBehind: () => {},
    };
    this.subscription = new ConversationSubscription(owner, "chat");
    this.subscription.open();
  }

  /** The conversation opens the link, with these events. */
  opened(...texts: string[]): void {
    const control: ConversationControl = {
      type: "opened",
      since: 0,
      head: 0,
      noticesAfter: 0,
      lastNotice: 0,
    };
    const link = this.#links.at(-1);
    link?.opened(socket);
    link?.frame(socket, joinRecords([controlRecord(control), ...texts.map(event)]));
  }

  woken(text: string): void {
    this.subscription.wake(readRecords(event(text)));
  }
}

test("[L2.4] [I2] events of a wake are shown before those that the subscription opens with, which were sent later", () => {
  const toms = new TomsSession();
  toms.woken("typing");
  toms.opened("typing more", "still typing");
  toms.woken("done");
  expect(toms.shown).toEqual(["typing", "typing more", "still typing", "done"]);
});

test("[L2.4] events that a subscription opens with are shown once if it is opened again, since nobody sends them again", () => {
  const toms = new TomsSession();
  toms.hasWakes = false;
  toms.opened("typing");
  toms.hasWakes = true;
  toms.opened("typing more");
  expect(toms.shown).toEqual(["typing", "typing more"]);
});

test("[L2.4] events are held in order up to a bound while a subscription does not open", () => {
  const toms = new TomsSession();
  const texts = Array.from({ length: 500 }, (_, index) => `${index}`);
  for (const text of texts) toms.woken(text);
  toms.opened("too late");
  expect(toms.shown).toEqual(texts.slice(0, 400));
});
