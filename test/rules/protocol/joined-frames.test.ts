import { expect, test } from "vitest";
import { framesIn, joinFrames } from "../../../src/protocol/joined-frames.ts";
import { encodeCommand } from "../../support/frames.ts";

const hello = encodeCommand({ cmd: "direct", i: 1, directMessage: { cid: "c", msg: "hello" } });
const read = encodeCommand({ cmd: "read", readMessage: { convs: [{ cid: "c", timestamp: 9 }] } });
const long = encodeCommand({ cmd: "direct", i: 2, directMessage: { cid: "c", msg: "x".repeat(70_000) } });

test.each([
  ["one frame", [hello]],
  ["several frames", [hello, read, long, hello]],
  ["an empty frame between others", [hello, new Uint8Array(), read]],
])("%s can be joined and taken apart", (_, frames) => {
  expect(framesIn(joinFrames(frames))).toEqual(frames);
});

test("a single frame is sent as it is", () => {
  expect(joinFrames([hello])).toBe(hello);
});

test("joined frames are read from within a larger buffer", () => {
  const joined = joinFrames([hello, read]);
  const buffer = new Uint8Array(joined.length + 20);
  buffer.set(joined, 10);
  expect(framesIn(buffer.subarray(10, 10 + joined.length))).toEqual([hello, read]);
});

test("joined frames that are cut off are refused", () => {
  expect(() => framesIn(joinFrames([hello, read]).slice(0, -1))).toThrow(RangeError);
});
