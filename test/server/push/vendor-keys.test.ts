import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Settings } from "../../../src/settings/schema.ts";
import { HuaweiServer } from "../../support/push/vendors/huawei-server.ts";
import { MeizuServer } from "../../support/push/vendors/meizu-server.ts";
import { XiaomiServer } from "../../support/push/vendors/xiaomi-server.ts";
import { type Server, startServer } from "../../support/server.ts";
import { runPush } from "./run-push.ts";

let server: Server;
const huawei = new HuaweiServer();
const xiaomi = new XiaomiServer();
const meizu = new MeizuServer();
const makers = [huawei, xiaomi, meizu];

beforeAll(async () => {
  await Promise.all(makers.map((maker) => maker.open()));
  // A trial, which may call this machine.
  server = await startServer();
});
beforeEach(() => settings("PATCH", { push: null }));
afterAll(async () => {
  await server?.kill();
  await Promise.all(makers.map((maker) => maker.close()));
});

const headers = { "X-LC-Id": "parley-dev", "X-LC-Key": "parley-dev-master,master" };

async function settings(method = "GET", body?: object): Promise<Settings["push"]> {
  const init = { method, headers, body: body && JSON.stringify(body) };
  const answer: Settings = await (await fetch(`${server.url}/admin/settings`, init)).json();
  return answer.push;
}

const push = (args: string[], env: Record<string, string> = {}) =>
  runPush([...args, "--server", server.url], env);

/** The account that Huawei's server in the test knows. */
const account = () => {
  const { appId, appSecret, url, authUrl } = huawei.settings._default;
  return ["--app-id", appId, "--app-secret", appSecret, "--url", url, "--auth-url", authUrl];
};

describe("npm run push -- hms", () => {
  test("[N-14] npm run push -- hms stores the keys of a profile, and no one reads its secret again", async () => {
    const { code, output } = await push(["hms", "--app-id", "101234567", "--app-secret", "cheese"]);
    expect([code, output]).toEqual([0, "Stored the profile _default, appId 101234567 of Huawei.\n"]);
    const stored = { appId: "101234567", appSecret: "***", category: "IM", click: "intent" };
    expect((await settings()).hms).toMatchObject({ _default: stored });
    const shown = await push(["show"]);
    expect(shown.output).toContain(
      "hms:     the profile _default, appId 101234567, category IM, click intent",
    );
    expect(shown.output).not.toMatch(/cheese|\*\*\*/);
  });

  test("[N-14] npm run push -- hms changes the given fields of a profile, and keeps its secret", async () => {
    await push(["hms", ...account()]);
    expect(await push(["hms", "--category", ""])).toMatchObject({ code: 0 });
    expect((await settings()).hms._default).toMatchObject({ category: "", appId: "101234567" });
    const { output } = await push(["test", "--vendor", "HMS", "--token", "jerrys"]);
    expect(output).toMatch(/^Sent by hms\.\n200 \{"code":"80000000"/);
  });

  test("npm run push -- hms takes the secret from the environment", async () => {
    await push(["hms", "--app-id", "7"], { PUSH_SECRET: "cheese" });
    expect((await settings()).hms).toMatchObject({ _default: { appId: "7", appSecret: "***" } });
  });

  test("[N-14] npm run push -- hms --remove removes a profile, but not the default one beside others", async () => {
    await push(["hms", "--app-id", "1", "--app-secret", "x"]);
    await push(["hms", "--app-id", "2", "--app-secret", "x", "--profile", "second"]);
    const refused = await push(["hms", "--remove"]);
    expect(refused).toEqual({
      code: 1,
      output: "The server refuses: push.hms: needs a profile named _default\n",
    });
    await push(["hms", "--remove", "--profile", "second"]);
    expect(Object.keys((await settings()).hms)).toEqual(["_default"]);
  });

  test.each<[string[], number, RegExp]>([
    [["hms", "--app-id", "my app"], 1, /^--app-id must be a text of 1 to 20 digits, .* Nothing was sent\.$/],
    [["hms", "--app-secret", "a\nb"], 1, /^--app-secret must be/],
    [["hms", "--click", "url"], 1, /^--click must be intent or app/],
    [["vivo", "--push-mode", "yes"], 1, /^--push-mode must be 0 or 1/],
    [["hms", "--profile", "a b", "--app-id", "1"], 1, /^--profile must be a profile's name/],
    [["hms"], 2, /^Nothing to set: npm run push -- hms takes --app-id, --app-secret, /],
    [["hms", "--app-id", "1"], 1, /^The server refuses: push\.hms\._default\.appSecret: /],
    [["honor", "--app-id", "1", "--app-secret", "x"], 2, /^honor takes no --app-secret/],
  ])("npm run push -- %j is refused before anything is stored", async (args, code, output) => {
    const result = await push(args);
    expect(result.code).toBe(code);
    expect(result.output.split("\n")[0]).toMatch(output);
    expect((await settings()).hms).toEqual({});
  });
});

describe("npm run push -- test", () => {
  test("npm run push -- test pushes to an installation, and prints the provider's answer", async () => {
    await push(["hms", ...account()]);
    const body = JSON.stringify({
      deviceType: "android",
      vendor: "HMS",
      registrationId: "toms",
      installationId: "i",
    });
    const saved = await fetch(`${server.url}/1.1/installations`, {
      method: "POST",
      headers: { ...headers, "Content-Type": "application/json" },
      body,
    });
    const { objectId }: { objectId: string } = await saved.json();
    const { code, output } = await push(["test", "--installation", objectId, "--alert", "Cheese!"]);
    expect([code, output.split("\n")[0]]).toEqual([0, "Sent by hms."]);
    expect(huawei.arrived.at(-1)).toMatchObject({
      registrationId: "toms",
      message: { android: { notification: { body: "Cheese!" } } },
    });
  });

  test("npm run push -- test prints why a device got nothing, and removes none", async () => {
    await push(["hms", ...account()]);
    huawei.gone.add("spikes");
    const { code, output } = await push(["test", "--vendor", "HMS", "--token", "spikes"]);
    expect(code).toBe(1);
    expect(output).toMatch(/^Not sent by hms \((failed|gone)\): code 80300007: All tokens are invalid/);
    expect(output).toContain('200 {"code":"80300007"');
  });

  test.each<[string[], number, RegExp]>([
    [["test"], 2, /takes --installation, or --vendor and --token/],
    [["test", "--vendor", "HMS"], 2, /takes --installation, or --vendor and --token/],
    [["test", "--installation", "nobody"], 1, /^The server refuses: No installation has this id\./],
    [["test", "--vendor", "lc", "--token", "x"], 1, /^The server refuses: No provider that is set up serves/],
  ])("npm run push -- %j is refused", async (args, code, output) => {
    const result = await push(args);
    expect([result.code, result.output]).toEqual([code, expect.stringMatching(output)]);
  });
});

describe("npm run push for Xiaomi and Meizu", () => {
  test("[N-14] npm run push -- mi stores Xiaomi's profile, and a test push prints Xiaomi's answer", async () => {
    const { appSecret, package: name, channelId, url } = xiaomi.settings._default;
    const stored = await push(["mi", "--package", name, "--channel-id", channelId, "--url", url], {
      PUSH_SECRET: appSecret,
    });
    expect(stored).toMatchObject({ code: 0, output: expect.not.stringContaining(appSecret) });
    expect((await settings()).mi._default).toMatchObject({ appSecret: "***", package: name, channelId });
    const sent = await push(["test", "--vendor", "mi", "--token", "jerrys"]);
    expect(sent.output).toMatch(/^Sent by mi\.\n200 \{"result":"ok",.*"code":0/);
    await push(["mi", "--template-id", "P2", "--title-param", "名字"]);
    const refused = await push(["test", "--vendor", "mi", "--token", "jerrys"]);
    expect(refused.code).toBe(1);
    expect(refused.output).toMatch(
      /^Not sent by mi \(failed\): code 10017: template param not match\n200 \{/,
    );
  });

  test("[N-14] npm run push -- meizu stores Meizu's profile, and a test push prints Meizu's answer", async () => {
    const { appId, appSecret, url } = meizu.settings._default;
    await push(["meizu", "--app-id", appId, "--app-secret", appSecret, "--url", url]);
    expect((await settings()).meizu._default).toMatchObject({ appSecret: "***", appId, noticeMsgType: 1 });
    const sent = await push(["test", "--vendor", "mz", "--token", "jerrys", "--alert", "Cheese!"]);
    expect(sent.output).toMatch(/^Sent by meizu\.\n200 \{"code":"200"/);
    expect(meizu.last).toMatchObject({ noticeBarInfo: { noticeMsgType: 1, content: "Cheese!" } });
    await push(["meizu", "--notice-msg-type", "0", "--app-secret", "another"]);
    expect((await settings()).meizu._default).toMatchObject({ noticeMsgType: 0 });
    const refused = await push(["test", "--vendor", "mz", "--token", "jerrys"]);
    expect(refused.output).toMatch(
      /^Not sent by meizu \(later\): code 1006: .*refused\)\n200 \{"code":"1006"/,
    );
  });

  test.each<[string[], RegExp]>([
    [["mi", "--app-secret", "a b", "--package", "x"], /^--app-secret must be a text .* Nothing was sent\.$/],
    [["mi", "--click", "2"], /^--click must be auto, app or callback\. Nothing was sent\.$/],
    [["mi", "--region", "cn"], /^--region must be one of sgp, fr, idmb, ru\. Nothing was sent\.$/],
    [["meizu", "--app-id", "x"], /^--app-id must be a text of 1 to 20 digits/],
    [["meizu", "--notice-msg-type", "2"], /^--notice-msg-type must be 0 or 1\./],
  ])("npm run push -- %j is refused, and nothing is stored", async (args, output) => {
    const result = await push(args);
    expect([result.code, result.output.split("\n")[0]]).toEqual([1, expect.stringMatching(output)]);
    const { mi, meizu } = await settings();
    expect([mi, meizu]).toEqual([{}, {}]);
  });
});
