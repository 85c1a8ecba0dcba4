import { expect, test } from "vitest";
import { HostedApp } from "../../../src/mirror/hosted-app.ts";
import { Outbound } from "../../../src/outbound/http-client.ts";

/** Where messages go at LeanCloud. */

test.each([
  ["normal", "conversations"],
  ["room", "chatrooms"],
] as const)("a message of a %s conversation goes to LeanCloud's /%s", async (kind, path) => {
  const urls: string[] = [];
  const answer = async (url: string) => {
    urls.push(url);
    return Response.json({ "msg-id": "A", timestamp: 5 });
  };
  const outbound = new Outbound("public", { open: answer, all: answer });
  const app = new HostedApp("https://tom.example.com", { appId: "app", masterKey: "key" }, outbound);
  const message = { from: "Tom", content: "hi", noSync: false, mentionAll: false, mentions: [] };
  await app.post({ ...message, conversation: { id: "c1", kind } });
  expect(urls).toEqual([`https://tom.example.com/1.2/rtm/${path}/c1/messages`]);
});
