import { expect, test } from "vitest";
import { type Dial, type LinkSocket, openLink } from "../../../../src/gateway/session/link-socket.ts";

const socket: LinkSocket = { send: () => {}, close: () => {} };

/** Opens a link by this dial and returns what happened, in order. */
async function opening(dial: Dial<string>): Promise<string[]> {
  const events: string[] = [];
  const result = await openLink(dial, "chat", {
    opened: () => void events.push("opened"),
    frame: (_, data) => void events.push(`frame ${data.join()}`),
    closed: () => void events.push("closed"),
  });
  return [...events, result];
}

test("frames that arrive before the socket follow right after it is opened, in order", async () => {
  const events = opening(async (_, link) => {
    link.frame(new Uint8Array([1]));
    link.frame(new Uint8Array([2]));
    return socket;
  });
  await expect(events).resolves.toEqual(["opened", "frame 1", "frame 2", "opened"]);
});

test("a link to a conversation that does not exist is missing and never opened", async () => {
  expect(await opening(async () => "missing")).toEqual(["missing"]);
});

test("a dial that fails rejects", async () => {
  await expect(opening(async () => Promise.reject(new Error("unreachable")))).rejects.toThrow("unreachable");
});
