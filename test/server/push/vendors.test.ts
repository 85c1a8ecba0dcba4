import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { MeizuServer } from "../../support/push/vendors/meizu-server.ts";
import type { VendorServer } from "../../support/push/vendors/vendor-server.ts";
import { XiaomiServer } from "../../support/push/vendors/xiaomi-server.ts";
import { sdk5 as sdk } from "../sdk/sdk.ts";
import { type Person, TestApp } from "../sdk/test-app.ts";
import { eventually } from "../sdk/waiting.ts";
import { belongsTo, install, installationOf, lose } from "./devices.ts";

/* Through a running server to phones of single makers. What all makers have in common is seen with Huawei's elsewhere. */

const xiaomi = new XiaomiServer();
const meizu = new MeizuServer();
let app: TestApp;
let tom: Person;

beforeAll(async () => {
  await Promise.all([xiaomi.open(), meizu.open()]);
  const push = { mi: xiaomi.settings, meizu: meizu.settings };
  app = await TestApp.open({ hooks: { allowPrivate: true }, push }, { appId: "parley-dev" });
  tom = await app.logIn(sdk, app.named("Tom"));
});
beforeEach(() => {
  for (const server of [xiaomi, meizu]) server.clear();
});
afterAll(async () => {
  await app?.close();
  await Promise.all([xiaomi.close(), meizu.close()]);
});

/** Jerry's phone, which lost its connection without logging out, and a conversation of Tom and Jerry. */
async function away(vendor: string) {
  const jerry = app.named("Jerry");
  const [installationId, registrationId] = [randomUUID(), `${vendor}-${randomUUID()}`];
  const row = { deviceType: "android", installationId, vendor, registrationId, deviceProfile: "" };
  const installation = await install(app, row);
  const raw = await app.raw(jerry, { deviceId: installationId });
  await belongsTo(app, installation, [jerry]);
  raw.close();
  await lose(app, jerry);
  const chat = await tom.client.createConversation({ members: [jerry], unique: false });
  const say = async (words: string) => {
    const message = new tom.sdk.TextMessage(words);
    const { id } = await chat.send(message, { pushData: { alert: words, title: "Tom", holes: 3 } });
    return id;
  };
  return { registrationId, installation, say };
}

const arrivedAt = async (server: VendorServer, registrationId: string, count: number) => {
  const here = () => server.arrived.filter((push) => push.registrationId === registrationId);
  await eventually(here, ({ length }) => length === count);
  return here().map(({ message }) => message);
};

describe.each<[string, string, VendorServer, object]>([
  ["mi", "mi", xiaomi, { title: "Tom", description: "one", "extra.notify_effect": "1" }],
  [
    "mi-intl",
    "mi",
    xiaomi,
    { title: "Tom", description: "one", payload: expect.stringContaining('"holes":3') },
  ],
  ["mz", "meizu", meizu, { noticeBarInfo: { title: "Tom", content: "one" } }],
])("a client with a phone of the vendor %s that is offline", (vendor, provider, server, expected) => {
  test(`[P-01] a message to a client that is offline reaches its phone of the vendor ${vendor}`, async () => {
    const { registrationId, say } = await away(vendor);
    await say("one");
    expect(await arrivedAt(server, registrationId, 1)).toMatchObject([expected]);
  });

  test(`[I11] a push to a phone of the vendor ${vendor} comes once, after its maker's service was down`, async () => {
    const { registrationId, say } = await away(vendor);
    await server.close();
    const id = await say("one");
    const tried = new RegExp(`push ${id} by ${provider}: .* not sent`);
    await eventually(
      () => app.output,
      (output) => tried.test(output),
    );
    await server.open();
    await arrivedAt(server, registrationId, 1);
    await say("two");
    await arrivedAt(server, registrationId, 2);
  });

  test(`[N-02] a phone of the vendor ${vendor} that its maker does not know any more is removed, and no other`, async () => {
    const [gone, here] = [await away(vendor), await away(vendor)];
    await here.say("one");
    await arrivedAt(server, here.registrationId, 1);
    server.gone.add(gone.registrationId);
    await gone.say("one");
    await eventually(
      () => installationOf(app, gone.installation),
      (row) => row === undefined,
    );
    expect(await installationOf(app, here.installation)).toBeDefined();
  });
});
