import { beforeAll, expect, test, vi } from "vitest";
import { say } from "../../support/chat.ts";
import { edit, namedBy } from "../support/commands.ts";
import { onlineClients } from "../support/pair-chat.ts";
import { done, outcome } from "../support/rest.ts";
import { newService, tell } from "../support/services.ts";
import { appKeys, http, openWorld } from "../support/world.ts";

/** What clients write to a service, as the app's server finds it. */

beforeAll(() => openWorld({ messages: { allowEdit: true } }));

interface Rows {
  results: Record<string, unknown>[];
  count?: number;
}

const PATH = "/1.1/classes/_SysMessage";
const find = (where: object, more = "") =>
  done<Rows>("GET", `${PATH}?where=${encodeURIComponent(JSON.stringify(where))}${more}`);

test("[V-05] what clients wrote is found by conditions, with the master key, and nothing that the service said", async () => {
  const { tom, jerry, toms, jerrys } = await onlineClients("tom", "jerry");
  const id = await newService();
  const sent = namedBy(id, await say(toms, id, "helo"));
  await say(jerrys, id, "good morning");
  await tell(id, [tom], "your parcel");
  await edit(toms, sent, "hello");
  const conv = { __type: "Pointer", className: "_Conversation", objectId: id };
  await vi.waitFor(async () => expect((await find({ conv, data: "hello" })).results).toHaveLength(1), {
    timeout: 20_000,
  });
  const { results, count } = await find({ conv }, "&count=1");
  expect(count).toBe(2);
  expect(results).toMatchObject([
    { msgId: sent.mid, from: tom, data: "hello", bin: false, conv, timestamp: Number(sent.timestamp) },
    { from: jerry, data: "good morning" },
  ]);
  expect((await find({ conv, from: jerry }, "&limit=1")).results).toHaveLength(1);
  expect(await outcome(http(PATH, { headers: appKeys }))).toBe("401 401");
});
