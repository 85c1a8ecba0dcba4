import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { OppoServer } from "../../support/push/vendors/oppo-server.ts";
import { VivoServer } from "../../support/push/vendors/vivo-server.ts";
import { sdk5 as sdk } from "../sdk/sdk.ts";
import { type Person, TestApp } from "../sdk/test-app.ts";
import { eventually } from "../sdk/waiting.ts";
import { install, installationOf } from "./devices.ts";
import { runPush } from "./run-push.ts";

/* Phones of OPPO and vivo, from the whole server, whose runtime makes the signatures. */

const oppo = new OppoServer();
const vivo = new VivoServer();
let app: TestApp;
let tom: Person;

beforeAll(async () => {
  await Promise.all([oppo.open(), vivo.open()]);
  const push = { appName: "Cheese Chat", oppo: oppo.settings, vivo: vivo.settings };
  app = await TestApp.open({ hooks: { allowPrivate: true }, push }, { appId: "parley-dev" });
  tom = await app.logIn(sdk, app.named("Tom"));
});
beforeEach(() => {
  oppo.clear();
  vivo.clear();
});
afterAll(async () => {
  await app?.close();
  await Promise.all([oppo.close(), vivo.close()]);
});

/** Somebody's phone, as the Unity SDK saves it: without a session that names it. */
async function phone(clientId: string, vendor: string): Promise<{ id: string; registrationId: string }> {
  const registrationId = vendor === "oppo" ? `OPPO_CN_${randomUUID()}` : randomUUID();
  const row = { deviceType: "android", installationId: randomUUID(), vendor, registrationId };
  return { id: await install(app, { ...row, channels: [clientId] }), registrationId };
}

const say = async (to: string, words: string) => {
  const chat = await tom.client.createConversation({ members: [to], unique: false });
  await chat.send(new tom.sdk.TextMessage(words), { pushData: { alert: words, chat: chat.id } });
};

test("a message reaches OPPO's and vivo's phones as notifications, each once, by one access token each", async () => {
  const jerry = app.named("Jerry");
  const phones = [await phone(jerry, "oppo"), await phone(jerry, "oppo"), await phone(jerry, "vivo")];
  await say(jerry, "Cheese!");
  await say(jerry, "Milk!");
  await eventually(
    () => [...oppo.reached, ...vivo.reached],
    (reached) => reached.length === 6,
  );
  expect(new Set([...oppo.reached, ...vivo.reached])).toEqual(
    new Set(phones.map(({ registrationId }) => registrationId)),
  );
  expect([oppo.issued, vivo.issued]).toEqual([1, 1]);
  expect(vivo.last).toMatchObject({ title: "Cheese Chat", clientCustomMap: { chat: expect.any(String) } });
  expect(oppo.last).toMatchObject({ title: "Cheese Chat", category: "IM" });
});

test("[I11] a message reaches OPPO's and vivo's phones once after their services were down", async () => {
  const spike = app.named("Spike");
  await Promise.all([phone(spike, "oppo"), phone(spike, "vivo")]);
  await Promise.all([oppo.close(), vivo.close()]);
  await say(spike, "Cheese!");
  await eventually(
    () => app.output,
    (output) => /by oppo: .* not sent/.test(output) && /by vivo: .* not sent/.test(output),
  );
  await Promise.all([oppo.open(), vivo.open()]);
  await eventually(
    () => [oppo.reached.length, vivo.reached.length],
    ([first, second]) => first === 1 && second === 1,
  );
});

test("a phone that has left the app is removed, and nobody else's", async () => {
  const nibbles = app.named("Nibbles");
  const [gone, here] = [await phone(nibbles, "vivo"), await phone(nibbles, "vivo")];
  vivo.gone.add(gone.registrationId);
  await say(nibbles, "Cheese!");
  await eventually(
    () => installationOf(app, gone.id),
    (row) => row === undefined,
  );
  expect(await installationOf(app, here.id)).toBeDefined();
});

describe("npm run push", () => {
  const push = (...args: string[]) => {
    const keys = {
      APP_ID: app.keys.appId,
      MASTER_KEY: app.masterKey,
      PUSH_SECRET: "from-the-environment",
    };
    return runPush([...args, "--profile", "second", "--server", app.url], keys);
  };

  test("[N-14] npm run push stores a profile of OPPO's, and a test push prints OPPO's answer", async () => {
    const { _default: keys } = oppo.settings;
    const account = ["--app-key", keys.appKey, "--master-secret", keys.masterSecret, "--url", keys.url];
    const fields = ["--notify-level", "16", "--template-id", "t-1", "--content-param", "用户名称"];
    const { code, output } = await push("oppo", ...account, ...fields);
    expect([code, output]).toEqual([
      0,
      expect.stringMatching(/^Stored the profile second, appKey .*, notifyLevel 16, .* of OPPO\.\n$/),
    ]);
    expect(output).not.toContain(keys.masterSecret);
    const tried = await push("test", "--vendor", "oppo", "--token", "CN_1", "--alert", "Cheese!");
    expect(tried.output).toMatch(/^Sent by oppo\.\n200 \{"code":0,/);
    expect(oppo.last).toMatchObject({
      notify_level: 16,
      private_content_parameters: { 用户名称: "Cheese!" },
    });
  });

  test("[N-14] npm run push stores a profile of vivo's, and a test push prints vivo's answer", async () => {
    const { _default: keys } = vivo.settings;
    const account = ["--app-id", keys.appId, "--app-key", keys.appKey, "--app-secret", keys.appSecret];
    const fields = ["--classification", "0", "--category", "NEWS", "--push-mode", "1", "--url", keys.url];
    expect(await push("vivo", ...account, ...fields)).toMatchObject({ code: 0 });
    vivo.invalid.set("1", 4);
    const tried = await push("test", "--vendor", "vivo", "--token", "1");
    expect(tried.output).toContain("test phone");
    expect(tried.output).toContain('"invalidUser":{"status":4,"userid":"1"}');
    vivo.invalid.clear();
    expect((await push("test", "--vendor", "vivo", "--token", "1")).output).toMatch(/^Sent by vivo\./);
    expect(vivo.last).toMatchObject({ classification: 0, category: "NEWS", pushMode: 1 });
  });
});
