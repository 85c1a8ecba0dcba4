import { expect, test } from "vitest";
import { emptyDraft, outgoingOf } from "../../../console/views/send/outgoing.ts";

const draft = Object.assign({}, emptyDraft, { conversationId: "c1", from: "Tom", text: "Cheese" });

test("a draft without a place, a sender or a text names these fields", () => {
  expect(outgoingOf("conversation", emptyDraft, 0)).toEqual({ problems: ["conversationId", "from", "text"] });
});

test("chosen clients are each named once, and 20 at most", () => {
  const of = (clients: string) => outgoingOf("clients", Object.assign({}, draft, { clients }), 0);
  expect(of("Tom, Jerry\nTom")).toMatchObject({ outgoing: { clients: ["Tom", "Jerry"] } });
  expect(of("")).toEqual({ problems: ["clients"] });
  expect(of(Array.from({ length: 21 }, (_, number) => `c${number}`).join())).toEqual({
    problems: ["clients"],
  });
});

test("a picture has an address of the web, and a push is valid JSON or a text", () => {
  const image = Object.assign({}, draft, { content: "image", imageUrl: "javascript:alert(1)" } as const);
  expect(outgoingOf("conversation", image, 0)).toEqual({ problems: ["imageUrl"] });
  const push = (text: string) => outgoingOf("conversation", Object.assign({}, draft, { push: text }), 0);
  expect(push('{"alert": ')).toEqual({ problems: ["push"] });
  expect(push("Cheese!")).toMatchObject({ outgoing: { push: "Cheese!" } });
});

test("a broadcast to everybody is valid until a time to come, at most 30 days ahead", () => {
  const now = Date.now();
  const till = (time: number) =>
    outgoingOf("everyone", Object.assign({}, draft, { validTill: new Date(time).toISOString() }), now);
  expect(till(now - 1_000)).toEqual({ problems: ["validTill"] });
  expect(till(now + 31 * 86_400_000)).toEqual({ problems: ["validTill"] });
  expect(till(now + 86_400_000)).toMatchObject({ outgoing: { validTill: now + 86_400_000 } });
});
