import { afterEach, beforeAll, expect, test } from "vitest";
import { named } from "../../support/chat.ts";
import { pem } from "../../support/push-settings.ts";
import { loggedIn } from "../support/commands.ts";
import { engineWith } from "../support/engine.ts";
import { conversationOf, done } from "../support/rest.ts";
import { configure, openWorld } from "../support/world.ts";

/** What a message would push to a client, before it is sent (P-01). */

beforeAll(() => openWorld());
afterEach(() => configure({ push: null, hooks: null }));

const apns = { keys: [{ teamId: "CATS", keyId: "KEY1", topics: ["com.example.parley"], privateKey: pem }] };

interface Preview {
  would_push: boolean;
  problems: { code: string }[];
  source?: string;
  hook: string;
  environment?: string;
  devices: { device_type: string; provider?: string; payload?: unknown; problem?: string }[];
}

/** Tom and Jerry's conversation; Jerry has an iPhone. */
async function chat() {
  const [tom, jerry] = named("tom", "jerry");
  const id = await conversationOf([tom, jerry]);
  const deviceToken = crypto.randomUUID().replaceAll("-", "");
  await done("POST", "/1.1/installations", { deviceType: "ios", deviceToken, channels: [jerry] });
  const preview = (more: object = {}) =>
    done<Preview>("POST", "/admin/push/preview", {
      client_id: jerry,
      conv_id: id,
      from_client: tom,
      message: "Hello",
      ...more,
    });
  return { tom, jerry, id, deviceToken, preview };
}

const codes = ({ problems }: Preview) => problems.map(({ code }) => code);

test("[P-01] the payload for a device is shown as its provider would be given it, without its token", async () => {
  await configure({ push: { apns } });
  const { preview, deviceToken } = await chat();
  const shown = await preview({ push_data: { alert: "Tom: hello", badge: "Increment", _profile: "dev" } });
  expect(shown).toMatchObject({
    would_push: true,
    problems: [],
    source: "push_data",
    hook: "not asked",
    environment: "dev",
    devices: [{ device_type: "ios", provider: "apns", payload: { aps: { alert: "Tom: hello", badge: 1 } } }],
  });
  expect(JSON.stringify(shown)).not.toContain(deviceToken);
});

test("[P-05] the static text of the settings is the content of a message without its own", async () => {
  await configure({ push: { apns, static: { alert: "Something new" } } });
  const { preview } = await chat();
  expect(await preview()).toMatchObject({
    source: "static",
    devices: [{ payload: { aps: { alert: "Something new" } } }],
  });
  expect(await preview({ push_data: "Hi" })).toMatchObject({ source: "push_data" });
});

test("[P-01] without providers, content and devices, all three are named", async () => {
  const [tom, jerry] = named("tom", "jerry");
  const id = await conversationOf([tom, jerry]);
  const asked = { client_id: jerry, conv_id: id, from_client: tom, message: "Hello" };
  const shown = await done<Preview>("POST", "/admin/push/preview", asked);
  expect(shown.would_push).toBe(false);
  expect(codes(shown)).toEqual(["no provider", "content", "no device"]);
});

test("[P-01] a client that is online or has muted the conversation is not pushed to", async () => {
  await configure({ push: { apns } });
  const { preview, jerry, id } = await chat();
  const jerrys = await loggedIn(jerry);
  await done("POST", `/1.2/rtm/conversations/${id}/mutes`, { client_ids: [jerry] });
  const shown = await preview({ push_data: "Hi" });
  expect(codes(shown)).toEqual(["online", "muted"]);
  expect(shown.would_push).toBe(false);
  jerrys.close();
});

test("[P-01] who is no member is not pushed to, nor is the sender", async () => {
  await configure({ push: { apns } });
  const { preview, tom } = await chat();
  const [spike] = named("spike");
  expect(codes(await preview({ push_data: "Hi", client_id: spike }))).toContain("no member");
  expect(codes(await preview({ push_data: "Hi", client_id: tom }))).toContain("sender");
});

test("[P-03] a device that no provider serves has its reason", async () => {
  await configure({ push: { apns } });
  const { preview, jerry } = await chat();
  const phone = { deviceType: "android", installationId: crypto.randomUUID(), channels: [jerry] };
  await done("POST", "/1.1/installations", phone);
  const { devices, would_push } = await preview({ push_data: "Hi" });
  expect(would_push).toBe(true);
  expect(devices.find(({ device_type }) => device_type === "android")?.problem).toContain("without a vendor");
});

test("[P-09] the hook's content is shown if it is asked, and not otherwise", async () => {
  await configure({ push: { apns } });
  const { preview } = await chat();
  await engineWith({ _receiversOffline: () => ({ pushMessage: '{"alert":"From the hook"}' }) });
  expect(await preview({ push_data: "Hi", ask_hook: true })).toMatchObject({
    source: "hook",
    hook: "asked",
    devices: [{ payload: { aps: { alert: "From the hook" } } }],
  });
  expect(await preview({ push_data: "Hi" })).toMatchObject({ source: "push_data", hook: "not asked" });
});

test("[P-10] a hook that says not to push is named", async () => {
  await configure({ push: { apns } });
  const { preview } = await chat();
  await engineWith({ _receiversOffline: () => ({ skip: true }) });
  expect(codes(await preview({ push_data: "Hi", ask_hook: true }))).toEqual(["hook"]);
});
