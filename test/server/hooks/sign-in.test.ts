import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sdks } from "../sdk/sdk.ts";
import type { SdkSignature } from "../sdk/sdk-types.ts";
import { useTestApp } from "../sdk/test-app.ts";
import { next } from "../sdk/waiting.ts";
import { type AppEngine, HOOK_KEY, startAppEngine } from "./app-engine.ts";

/*
 * An app in earnest: its own id, signed logins, and an engine in the same network, which its owner had to allow. The
 * engine has three hooks and no others.
 */

const HOOKS = ["onIMClientSign", "onIMMessageReceived", "onIMClientOffline"];
const app = useTestApp({ security: { signLogin: true } });

let engine: AppEngine;
beforeAll(async () => {
  engine = await startAppEngine(app(), { hooks: HOOKS });
  const hooks = { url: engine.url, key: HOOK_KEY, timeoutMs: 15_000, allowPrivate: true };
  await app().configure({ hooks });
});
afterAll(() => engine?.stop());

test("[I12] an engine on this machine is refused until the owner allows it", async () => {
  const change = (hooks: object) => app().call("/admin/settings", { method: "PATCH", body: { hooks } });
  const refusal = await change({ allowPrivate: false });
  expect(refusal.status).toBe(400);
  expect(await refusal.json()).toMatchObject({ error: expect.stringContaining("hooks.url") });
  expect((await change({ allowPrivate: true })).status).toBe(200);
});

/** The request of an app for the signature of a user's session token. */
async function sign(sessionToken: string): Promise<Response> {
  const body = { session_token: sessionToken };
  return app().call("/1.1/rtm/sign", { method: "POST", key: "app", body });
}

/** A user object of the storage SDK, as far as the messaging SDK looks. */
const user = (id: string) => ({ id, getSessionToken: () => `session-of-${id}` });

describe.each(sdks)("the JavaScript SDK $version, with the signatures of _rtmClientSign", (sdk) => {
  test("[X-06] [H-10] a client logs in with the signature that _rtmClientSign makes of a session token", async () => {
    const id = app().named("Tom");
    const signatureFactory = async (): Promise<SdkSignature> => (await sign(`session-of-${id}`)).json();
    const tom = await app().logIn(sdk, id, { signatureFactory });
    expect(await tom.client.ping([id])).toEqual([id]);
    await expect(app().logIn(sdk, app().named("Jerry"), { signatureFactory })).rejects.toMatchObject({
      code: 4102,
    });
    await expect(app().logIn(sdk, id)).rejects.toMatchObject({ code: 4102 });
  });

  test("[X-06] [H-10] an SDK that is given a user requests the signature of _rtmClientSign itself", async () => {
    const device = await app().device(sdk);
    const id = app().named("Tom");
    const tom = await device.logIn(user(id));
    expect(tom.id).toBe(id);
    expect(await tom.ping([id])).toEqual([id]);
  });

  test("[H-10] a session token that the app does not know gets no signature", async () => {
    const refusal = await sign("stolen");
    expect(refusal.status).toBe(403);
    expect(await refusal.json()).toEqual({ code: 403, error: "log in first" });
    const device = await app().device(sdk);
    const stranger = { ...user(app().named("Butch")), getSessionToken: () => "stolen" };
    await expect(device.logIn(stranger)).rejects.toThrow();
  });

  test("[H-13] only the hooks that an engine lists are called", async () => {
    const device = await app().device(sdk);
    const [tom, jerry] = [user(app().named("Tom")), user(app().named("Jerry"))];
    const toms = await device.logIn(tom);
    const jerrys = await device.logIn(jerry);
    const invited = next(jerrys, "invited");
    const chat = await toms.createConversation({ members: [jerry.id], name: "forbidden" });
    await invited;
    await chat.add([app().named("Butch")]);
    const sent = await chat.send(new device.sdk.TextMessage("hello"));
    await chat.remove([jerry.id]);
    await toms.close();
    expect(sent.id).toHaveLength(22);
    await engine.called("onIMClientOffline", { peerId: tom.id, closeCode: 1 });
    expect(new Set(engine.requests())).toEqual(
      new Set([
        "GET /1.1/functions/_ops/metadatas",
        "POST /1.1/functions/_rtmClientSign",
        "POST /1.1/functions/_messageReceived",
        "POST /1.1/functions/_clientOffline",
      ]),
    );
  });
});
