import { expect, test } from "vitest";
import { JoinedLink } from "../../../../src/gateway/session/joined-link.ts";
import { framesIn } from "../../../../src/protocol/joined-frames.ts";

/** Frames that are told apart by one byte. */
const frame = (number: number, length = 1) => new Uint8Array(length).fill(number);

/** A link of Tom's, with a clock and turns of the thread that the test moves; far from the times of other tests. */
function setUp() {
  const turns: (() => void)[] = [];
  /** What went over the link: the frames of a message by their bytes, requests, and the code of its end. */
  const sent: (number[] | string | number)[] = [];
  const host = {
    at: Math.random() * 1e12,
    now: () => host.at,
    turn: () => new Promise<void>((resolve) => turns.push(resolve)),
  };
  const link = new JoinedLink(
    {
      send: (data) => sent.push(typeof data === "string" ? data : framesIn(data).map(([byte]) => byte ?? -1)),
      close: (code) => sent.push(code),
    },
    host,
  );
  const passTurns = async (most = Number.POSITIVE_INFINITY) => {
    for (let passed = 0; turns.length > 0 && passed < most; passed += 1) {
      for (const resolve of turns.splice(0)) resolve();
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  return { host, link, sent, passTurns };
}

test("a frame after a quiet moment is sent at once", () => {
  const { host, link, sent } = setUp();
  link.send(frame(1));
  host.at += 100;
  link.send(frame(2));
  expect(sent).toEqual([[1], [2]]);
});

test("frames that follow closely are sent together, in order", async () => {
  const { link, sent, passTurns } = setUp();
  for (const number of [1, 2, 3, 4]) link.send(frame(number));
  expect(sent).toEqual([[1]]);
  await passTurns();
  expect(sent).toEqual([[1], [2, 3, 4]]);
});

test("frames wait as long as each few turns bring another one, and not for ever", async () => {
  const { link, sent, passTurns } = setUp();
  for (let number = 1; number <= 100; number += 1) {
    link.send(frame(number));
    await passTurns(1);
  }
  await passTurns();
  expect(sent.length).toBeLessThan(6);
  expect(sent.flat()).toEqual(Array.from({ length: 100 }, (_, index) => index + 1));
});

test("a client that has been silent for long waits for nothing on a busy thread", () => {
  const toms = setUp();
  const jerrys = setUp();
  jerrys.host.at = toms.host.at;
  toms.link.send(frame(1));
  jerrys.link.send(frame(1));
  expect(jerrys.sent).toEqual([[1]]);
});

test("a request of the gateway and the end of the link come after the frames before them", () => {
  const { link, sent } = setUp();
  for (const number of [1, 2]) link.send(frame(number));
  link.send("leave");
  link.send(frame(3));
  link.close(1000);
  expect(sent).toEqual([[1], [2], "leave", [3], 1000]);
});

test("long frames do not wait for others", () => {
  const { link, sent } = setUp();
  link.send(frame(1));
  link.send(frame(2, 40_000));
  link.send(frame(3, 40_000));
  expect(sent).toEqual([[1], [2, 3]]);
});

test("a thousand short frames are sent in parts, between which others have their turn", async () => {
  const { link, sent, passTurns } = setUp();
  const count = 1_000;
  for (let number = 0; number < count; number += 1) link.send(frame(1 + (number % 255)));
  await passTurns();
  const lengths = sent.map((part) => (Array.isArray(part) ? part.length : 0));
  expect(Math.max(...lengths)).toBe(100);
  expect(sent.flat()).toEqual(Array.from({ length: count }, (_, number) => 1 + (number % 255)));
});
