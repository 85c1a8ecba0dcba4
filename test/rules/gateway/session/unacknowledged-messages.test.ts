import { expect, test } from "vitest";
import { UnacknowledgedMessages } from "../../../../src/gateway/session/unacknowledged-messages.ts";
import * as pushes from "../../../../src/protocol/client-events.ts";
import { decodeFrame } from "../../../support/frames.ts";
import { message } from "../../../support/records.ts";

const CHAT = "chat";

/** Jerry's `.1` device behind a clock that is cranked by hand. */
class Desk {
  readonly redelivery: UnacknowledgedMessages;
  /** "text@seconds" for everything sent again. */
  readonly again: string[] = [];
  now = 1_000_000;
  readonly #start = this.now;
  readonly #timers = new Set<{ at: number; run: () => void }>();

  constructor() {
    const send = (payload: Uint8Array) => {
      const text = decodeFrame(payload).directMessage?.msg;
      this.again.push(`${text}@${(this.now - this.#start) / 1000}`);
    };
    const timer = (milliseconds: number, run: () => void) => {
      const entry = { at: this.now + milliseconds, run };
      this.#timers.add(entry);
      return () => void this.#timers.delete(entry);
    };
    this.redelivery = new UnacknowledgedMessages({ now: () => this.now, send, timer }, "jerry");
  }

  get timers(): number {
    return this.#timers.size;
  }

  /** Lets time pass; timers run when they are due. */
  wait(seconds: number): void {
    const end = this.now + seconds * 1000;
    for (;;) {
      const [next] = [...this.#timers].filter(({ at }) => at <= end).toSorted((a, b) => a.at - b.at);
      if (next === undefined) break;
      this.#timers.delete(next);
      this.now = Math.max(this.now, next.at);
      next.run();
    }
    this.now = end;
  }

  /** Sends a message of the conversation with this number as its time. */
  send(text: string, { from = "tom", conversationId = CHAT, transient = false } = {}): void {
    const timestamp = Number(text);
    const said = message(timestamp, { id: `id-${text}`, from, content: text });
    this.redelivery.sent(
      conversationId,
      pushes.message({ conversationId, kind: "normal", message: said, transient }),
    );
  }
}

test("[M-34] an unacknowledged message is sent again every 30 s", () => {
  const desk = new Desk();
  desk.send("1");
  desk.wait(29);
  expect(desk.again).toEqual([]);
  desk.wait(1);
  expect(desk.again).toEqual(["1@30"]);
  desk.wait(60);
  expect(desk.again).toEqual(["1@30", "1@60", "1@90"]);
});

test("[M-32] [M-34] each message is sent again at its own time, in the order of the first sends", () => {
  const desk = new Desk();
  desk.send("1");
  desk.wait(10);
  desk.send("2");
  desk.send("3");
  desk.wait(50);
  expect(desk.again).toEqual(["1@30", "2@40", "3@40", "1@60"]);
});

test("[M-33] an acknowledgement covers its conversation up to its time, and nothing beyond", () => {
  const desk = new Desk();
  for (const text of ["1", "2", "3"]) desk.send(text);
  desk.send("2", { conversationId: "another" });
  desk.redelivery.acknowledged(CHAT, 2);
  desk.wait(30);
  expect(desk.again).toEqual(["3@30", "2@30"]);
  desk.redelivery.acknowledged(CHAT, 3);
  desk.redelivery.acknowledged("another", 1);
  desk.wait(30);
  expect(desk.again).toEqual(["3@30", "2@30", "2@60"]);
});

test("[I9] no timer runs while no message is unacknowledged", () => {
  const desk = new Desk();
  expect(desk.timers).toBe(0);
  desk.send("1");
  desk.send("2");
  expect(desk.timers).toBe(1);
  desk.redelivery.acknowledged(CHAT, 2);
  expect(desk.timers).toBe(0);
  desk.send("3");
  expect(desk.timers).toBe(1);
  desk.redelivery.close();
  expect(desk.timers).toBe(0);
  desk.wait(100);
  expect(desk.again).toEqual([]);
});

test("[B-12] the client's own messages and transient ones need no acknowledgement", () => {
  const desk = new Desk();
  desk.send("1", { from: "jerry" });
  desk.send("2", { transient: true });
  desk.wait(60);
  expect([desk.again, desk.timers]).toEqual([[], 0]);
});

test("the unacknowledged messages of a device are bounded, and the oldest are left to its next login", () => {
  const desk = new Desk();
  for (let at = 1; at <= 600; at += 1) desk.send(`${at}`);
  desk.wait(30);
  expect(desk.again).toHaveLength(500);
  expect(desk.again[0]).toBe("101@30");
});

test("an unacknowledged message is kept as a copy of its frame", () => {
  const desk = new Desk();
  const said = message(1, { id: "id", content: "1" });
  const payload = pushes.message({ conversationId: CHAT, kind: "normal", message: said });
  desk.redelivery.sent(CHAT, payload);
  payload.fill(0);
  desk.wait(30);
  expect(desk.again).toEqual(["1@30"]);
});

test("[M-34] a device that acknowledges nothing is sent a message three more times; its next login brings the rest", () => {
  const desk = new Desk();
  desk.send("1");
  desk.wait(20);
  desk.send("2");
  desk.wait(600);
  expect(desk.again).toEqual(["1@30", "2@50", "1@60", "2@80", "1@90", "2@110"]);
  expect(desk.timers).toBe(0);
  // It was slow, and is there.
  desk.redelivery.acknowledged(CHAT, 1);
  desk.wait(1);
  expect(desk.again.slice(6)).toEqual(["2@620"]);
});

test("[I13] the unacknowledged messages of a device are kept up to 1 MB", () => {
  const desk = new Desk();
  const content = "x".repeat(60_000);
  for (let at = 1; at <= 100; at += 1) {
    const said = message(at, { id: `id-${at}`, from: "tom", content });
    desk.redelivery.sent(CHAT, pushes.message({ conversationId: CHAT, kind: "normal", message: said }));
  }
  desk.wait(30);
  expect(desk.again).toHaveLength(17);
});
