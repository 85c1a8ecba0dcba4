import { SignJWT } from "jose";
import { describe, expect, test } from "vitest";
import { hmac, stamped } from "../../support/sign.ts";
import { sdks } from "./sdk.ts";
import type { LoginOptions, SdkSignature } from "./sdk-types.ts";
import { useTestApp } from "./test-app.ts";
import { comeBack, goOffline } from "./tom-and-jerry.ts";
import { next } from "./waiting.ts";

const SECRET = "a secret between the app's server and Parley";
const app = useTestApp({ security: { signLogin: true, signConversation: true, jwt: { secret: SECRET } } });

/** The app's own server, as far as SDKs ask it. */
function signer({ now = () => Date.now(), masterKey = app().masterKey } = {}) {
  const asked: string[] = [];
  const sign = (text: (stamp: string) => string): SdkSignature => {
    const stamp = stamped(now());
    return { signature: hmac(masterKey, text(`${stamp.timestamp}:${stamp.nonce}`)), ...stamp };
  };
  const { appId } = app().keys;
  const options: LoginOptions = {
    signatureFactory: async (clientId) => {
      asked.push("open");
      return sign((stamp) => `${appId}:${clientId}::${stamp}`);
    },
    conversationSignatureFactory: async (conversationId, clientId, targetIds, action) => {
      asked.push(action);
      const members = targetIds.toSorted().join(":");
      if (action === "create") return sign((stamp) => `${appId}:${clientId}:${members}:${stamp}`);
      return sign((stamp) => `${appId}:${clientId}:${conversationId}:${members}:${stamp}:${action}`);
    },
  };
  return { asked, options };
}

describe.each(sdks)("the JavaScript SDK $version, with signatures", (sdk) => {
  test("[X-01] [X-05] a client logs in and creates a conversation with signatures of its factories", async () => {
    const toms = signer();
    const tom = await app().logIn(sdk, app().named("Tom"), toms.options);
    const jerry = await app().logIn(sdk, app().named("Jerry"), signer().options);
    const heard = next(jerry.client, "message");
    const chat = await tom.client.createConversation({ members: [jerry.id], name: "signed" });
    await chat.send(new tom.sdk.TextMessage("by your leave"));
    expect((await heard)[0].from).toBe(tom.id);
    expect(toms.asked).toEqual(["open", "create"]);
  });

  test("[X-02] a login without a signature, with one by another key or with an old one is refused with 4102", async () => {
    const refused = { code: 4102 };
    const logIn = (options: LoginOptions) => app().logIn(sdk, app().named("Tom"), options);
    await expect(logIn({})).rejects.toMatchObject(refused);
    await expect(logIn(signer({ masterKey: app().keys.appKey }).options)).rejects.toMatchObject(refused);
    const yesterday = () => Date.now() - 24 * 60 * 60 * 1000;
    await expect(logIn(signer({ now: yesterday }).options)).rejects.toMatchObject(refused);
  });

  test("[X-04] a signature's timestamp may be in seconds", async () => {
    const inSeconds = signer({ now: () => Math.floor(Date.now() / 1000) });
    const tom = await app().logIn(sdk, app().named("Tom"), inSeconds.options);
    const chat = await tom.client.createConversation({ members: [app().named("Jerry")] });
    expect(chat.id).toHaveLength(24);
  });

  test("[X-02] creating a conversation without a signature is refused with 4302", async () => {
    const { signatureFactory } = signer().options;
    const tom = await app().logIn(sdk, app().named("Tom"), { signatureFactory });
    const asked = tom.client.createConversation({ members: [app().named("Jerry")] });
    await expect(asked).rejects.toMatchObject({ code: 4302 });
  });

  test("[C-09] a client reconnects with its session token, without another signature", async () => {
    const toms = signer();
    const tom = await app().logIn(sdk, app().named("Tom"), toms.options);
    const mary = await app().logIn(sdk, app().named("Mary"), signer().options);
    await goOffline(tom, mary);
    await comeBack(tom);
    expect(await mary.client.ping([tom.id])).toEqual([tom.id]);
    expect(toms.asked).toEqual(["open"]);
  });

  test("[X-01] a client logs in with a JSON Web Token in the signature's place, for its own id only", async () => {
    const token = (sub: string) =>
      new SignJWT({ sub })
        .setProtectedHeader({ alg: "HS256" })
        .setIssuedAt()
        .setExpirationTime("1h")
        .sign(new TextEncoder().encode(SECRET));
    const by = (sub: string): LoginOptions => ({
      signatureFactory: async () => ({ signature: await token(sub), ...stamped(Date.now()) }),
    });
    const id = app().named("Tom");
    const tom = await app().logIn(sdk, id, by(id));
    expect(await tom.client.ping([id])).toEqual([id]);
    await expect(app().logIn(sdk, app().named("Jerry"), by(id))).rejects.toMatchObject({ code: 4102 });
  });
});
