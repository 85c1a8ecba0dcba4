import { expect, test } from "vitest";
import type { Forwarded } from "../../../../src/gateway/session/forwarding.ts";
import type { LinkSocket } from "../../../../src/gateway/session/link-socket.ts";
import { SubscriptionFrames } from "../../../../src/gateway/session/subscription-frames.ts";

const link: LinkSocket = { send: () => {}, close: () => {} };

/** Tom reads, up to a time or everything. */
function read({ upTo, serial }: { upTo?: number; serial?: number }): Forwarded {
  return {
    command: {
      name: "read",
      conversations: [{ conversationId: "chat", timestamp: upTo, messageId: undefined }],
      serial,
      needsCheck: false,
      appId: undefined,
      installationId: undefined,
      service: undefined,
      pushes: "with data",
      clientId: "tom",
    },
    frame: new Uint8Array(),
  };
}

/** What is sent again after the subscription broke. */
function repeated(frames: SubscriptionFrames): Forwarded[] {
  return frames.takeRepeatable(() => {
    throw new Error("refused");
  });
}

test("[L7.4] a read with a serial is sent again until its answer comes", () => {
  const frames = new SubscriptionFrames();
  const [first, second] = [read({ serial: 1 }), read({ serial: 2 })];
  for (const each of [first, second]) frames.send(link, each);
  frames.answered(1);
  expect(repeated(frames)).toEqual([second]);
});

test("[L7.4] of the reads without a serial the furthest is sent again, once, unless a count came", () => {
  const frames = new SubscriptionFrames();
  const further = read({ upTo: 2 });
  for (const each of [read({ upTo: 1 }), further, read({ upTo: 1 })]) frames.send(link, each);
  expect(frames.isAnswered).toBe(true);
  expect(repeated(frames)).toEqual([further]);
  expect(repeated(frames)).toEqual([]);
  const all = read({});
  for (const each of [all, further]) frames.send(link, each);
  expect(repeated(frames)).toEqual([all]);
  frames.send(link, further);
  frames.counted();
  expect(repeated(frames)).toEqual([]);
});
