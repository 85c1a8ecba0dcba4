import { beforeAll, expect, test } from "vitest";
import { change, history, logs, look, query, refusal, say } from "../../support/chat.ts";
import { caughtUp, edit, namedBy, recall } from "../support/commands.ts";
import { onlineClients } from "../support/pair-chat.ts";
import { outcome, unreadOf } from "../support/rest.ts";
import { broadcast, dialogue, newService, SERVICES, tell } from "../support/services.ts";
import { WorkerdDevice } from "../support/workerd-device.ts";
import { appKeys, http, openWorld } from "../support/world.ts";

/** Nobody reads anybody else's dialogue with a service, whichever way they try. */

beforeAll(() =>
  openWorld({
    limits: { broadcastsPerMinute: 0, broadcastsPerDay: 0 },
    messages: { allowEdit: true, allowRecall: true },
  }),
);

/** Tom's secrets in a service that Spike is subscribed to as well. */
async function secrets() {
  const { tom, spike, toms, spikes } = await onlineClients("tom", "spike");
  const id = await newService();
  await change(toms, "add", id, [tom]);
  await change(spikes, "add", id, [spike]);
  const own = namedBy(id, await say(toms, id, "secret of Tom"));
  const direct = await tell(id, [tom], "secret for Tom", { mention_all: true, mention_client_ids: [spike] });
  await toms.message("secret for Tom");
  return { id, tom, spike, toms, spikes, own, direct };
}

const everything = (device: WorkerdDevice) =>
  device.received
    .flatMap((frame) => [
      frame.directMessage?.msg,
      ...(frame.logsMessage?.logs ?? []).map(({ data }) => data),
      ...(frame.unreadMessage?.convs ?? []).map(({ data }) => data),
      frame.convMessage?.results?.data,
      ...(frame.patchMessage?.patches ?? []).map(({ data }) => new TextDecoder().decode(data)),
    ])
    .join(" ");

test("[I12] another subscriber finds nothing of a dialogue in history, from whatever point it asks", async () => {
  const { id, spikes, own, direct } = await secrets();
  expect(await history(spikes, id)).toEqual([]);
  for (const point of [
    { mid: own.mid, t: own.timestamp },
    { mid: direct["msg-id"], t: BigInt(direct.timestamp) },
    { t: own.timestamp + 1n, tt: 0n },
  ])
    for (const more of [{}, { tIncluded: true, ttIncluded: true }, { direction: 2 }, { lctype: -1 }]) {
      const { logsMessage } = await logs(spikes, id, { limit: 100, ...point, ...more });
      expect(logsMessage?.logs ?? []).toEqual([]);
    }
});

test("[I12] another subscriber finds nothing of it in lists, last messages, counts and mentions", async () => {
  const { id, spike, spikes } = await secrets();
  const row = await look(spikes, id, 2);
  expect(row).not.toHaveProperty("msg");
  expect(row).not.toHaveProperty("lm");
  expect(row).not.toHaveProperty("m");
  const [listed] = await query(spikes, { sys: true, objectId: { $in: [id] } }, { flag: 2, sort: "-lm" });
  expect(listed).not.toHaveProperty("msg");
  expect(listed).not.toHaveProperty("lm");
  expect(await unreadOf(spike, id)).toBe(0);
  await broadcast(id, "for all");
  spikes.close();
  const again = await WorkerdDevice.of(spike);
  const { unreadMessage } = await again.push("unread");
  expect(unreadMessage?.convs).toMatchObject([{ cid: id, unread: 1, data: "for all", mentioned: false }]);
});

test("[I12] another subscriber finds nothing of it by catch-up, replay or an edit that it makes", async () => {
  const { id, spike, spikes, own, direct } = await secrets();
  expect(refusal(await edit(spikes, own, "mine"))).toMatch(/^4403/);
  expect(refusal(await recall(spikes, own))).toMatch(/^4403/);
  const theirs = { cid: id, mid: direct["msg-id"], timestamp: BigInt(direct.timestamp) };
  expect(refusal(await edit(spikes, theirs, "mine"))).toMatch(/^4403/);
  spikes.close();
  for (const protocol of ["lc.protobuf2.3", "lc.protobuf2.1"]) {
    const device = await WorkerdDevice.connect({ protocol });
    await device.login(spike, { lastPatchTime: 1n, lastUnreadNotifTime: 1n });
    await caughtUp(id, device);
    await new Promise((resolve) => setTimeout(resolve, 250));
    expect(everything(device)).not.toContain("secret");
    device.close();
  }
  expect(everything(spikes)).not.toContain("secret");
});

test("[I12] with the app key alone, nobody reads it over HTTP", async () => {
  const { id, tom, spike } = await secrets();
  const ask = (path: string) => outcome(http(path, { headers: appKeys }));
  expect(await ask(`${SERVICES}/${id}/subscribers/${tom}/messages`)).toBe("401 401");
  expect(await ask(`/1.2/rtm/conversations/${id}/messages?client_id=${spike}`)).toBe("401 401");
  expect(await ask(`/1.1/rtm/messages/history?convid=${id}`)).toBe("401 401");
  expect(await dialogue(id, spike)).toEqual([]);
});
