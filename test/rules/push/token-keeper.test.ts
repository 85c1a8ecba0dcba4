import { once } from "node:events";
import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { decodeJwt, exportPKCS8, generateKeyPair, jwtVerify } from "jose";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { JsonObject } from "../../../src/model/json.ts";
import { Outbound } from "../../../src/outbound/http-client.ts";
import { pushTables } from "../../../src/push/push-tables.ts";
import { TokenKeeper } from "../../../src/push/token-keeper.ts";
import { settingsWith } from "../../support/app-hooks.ts";
import { keeperWith } from "../../support/push/apns.ts";
import { type AppleKey, appleKey } from "../../support/push/apns-server.ts";
import { MemorySql } from "../../support/sqlite.ts";

const MINUTE = 60_000;

let now = 0;
let sql = new MemorySql();
beforeEach(() => {
  now = Date.UTC(2026, 10, 25, 12);
  sql = new MemorySql();
});

describe("[P-20] Apple's provider token", () => {
  let mouse: AppleKey;
  let cat: AppleKey;
  beforeEach(async () => {
    mouse = await appleKey("TEAMMOUSE1", "KEYMOUSE01", ["com.example.mouse"]);
    cat = await appleKey("TEAMCAT001", "KEYCAT0001", ["com.example.cat"]);
  });

  /** Of an object that has just woken up. */
  const awake = (keys = [mouse, cat]) => keeperWith(keys, () => now, sql);
  const mouseToken = (keeper = awake()) => keeper.apns("TEAMMOUSE1", "KEYMOUSE01");

  test("[P-20] Apple's provider token is signed with the key, and has its id, the team and the time", async () => {
    const token = (await mouseToken()) ?? "";
    const { payload, protectedHeader } = await jwtVerify(token, mouse.publicKey);
    expect(protectedHeader).toEqual({ alg: "ES256", kid: "KEYMOUSE01" });
    expect(payload).toEqual({ iss: "TEAMMOUSE1", iat: now / 1_000 });
    await expect(jwtVerify(token, cat.publicKey)).rejects.toThrow();
  });

  test("[P-20] there is one provider token for each key, and none for an unknown key", async () => {
    const keeper = awake();
    const token = (await keeper.apns("TEAMCAT001", "KEYCAT0001")) ?? "";
    expect((await jwtVerify(token, cat.publicKey)).payload.iss).toBe("TEAMCAT001");
    expect(token).not.toBe(await mouseToken(keeper));
    expect(await keeper.apns("TEAMCAT001", "KEYMOUSE01")).toBeUndefined();
  });

  test("[P-20] Apple's provider token is the same after hibernation and for concurrent requests", async () => {
    const keeper = awake();
    const tokens = await Promise.all(Array.from({ length: 10 }, () => mouseToken(keeper)));
    now += 49 * MINUTE;
    expect(new Set([...tokens, await mouseToken(awake())]).size).toBe(1);
  });

  test("[P-20] Apple's provider token is renewed before Apple would refuse its age", async () => {
    const first = await mouseToken();
    now += 50 * MINUTE;
    const second = (await mouseToken()) ?? "";
    expect(second).not.toBe(first);
    expect(decodeJwt(second).iat).toBe(now / 1_000);
  });

  test("[P-20] a refused provider token is replaced, but only after 20 minutes, since Apple refuses more frequent ones", async () => {
    const keeper = awake();
    const first = (await mouseToken(keeper)) ?? "";
    keeper.refused(first);
    now += 19 * MINUTE;
    expect(await mouseToken(awake())).toBe(first);
    now += MINUTE;
    const second = (await mouseToken(awake())) ?? "";
    expect(second).not.toBe(first);
    keeper.refused(first); // by somebody late
    now += 20 * MINUTE;
    expect(await mouseToken(awake())).toBe(second);
  });

  test("[P-20] Apple's provider token is renewed at once if its key was replaced under its id", async () => {
    const first = await mouseToken();
    const successor = await appleKey("TEAMMOUSE1", "KEYMOUSE01", ["com.example.mouse"]);
    const second = (await mouseToken(awake([successor]))) ?? "";
    expect(second).not.toBe(first);
    await jwtVerify(second, successor.publicKey);
  });

  test("[P-20] Apple's provider token is renewed if the clock was set back", async () => {
    const first = await mouseToken();
    now -= 24 * 60 * MINUTE;
    const second = (await mouseToken()) ?? "";
    expect(second).not.toBe(first);
    expect(decodeJwt(second).iat).toBe(now / 1_000);
  });

  test("[P-20] an invalid key gives no provider token, and is not in the error", async () => {
    const privateKey = "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----";
    const error = await mouseToken(awake([{ ...mouse, privateKey }])).catch((reason) => reason);
    expect(error).toBeInstanceOf(Error);
    expect(String(error)).not.toContain("c2VjcmV0");
  });
});

describe("[N-10] FCM's access token", () => {
  let google: Awaited<ReturnType<typeof openGoogle>>;
  beforeEach(async () => {
    google = await openGoogle();
  });
  afterEach(() => google.close());

  function awake(account: JsonObject | null = google.account) {
    return new TokenKeeper(pushTables(sql), {
      push: async () => settingsWith({ push: { fcm: { serviceAccount: account } } }).push,
      outbound: async () => new Outbound("trial", { open: fetch, all: fetch }),
      now: () => now,
    });
  }

  test("[N-10] FCM's access token is exchanged for the service account's signature", async () => {
    expect(await awake().fcm()).toBe("access-1");
    const [{ grant, assertion, type } = { grant: "", assertion: "", type: "" }] = google.asked;
    expect(type).toBe("application/x-www-form-urlencoded");
    expect(grant).toBe("urn:ietf:params:oauth:grant-type:jwt-bearer");
    const { payload, protectedHeader } = await jwtVerify(assertion, google.publicKey, {
      currentDate: new Date(now),
    });
    expect(protectedHeader.alg).toBe("RS256");
    expect(payload).toEqual({
      iss: "parley@demo.iam.gserviceaccount.com",
      scope: "https://www.googleapis.com/auth/firebase.messaging",
      aud: google.account.token_uri,
      iat: now / 1_000,
      exp: now / 1_000 + 3_600,
    });
  });

  test("[N-10] there is no access token without a service account", async () => {
    expect(await awake(null).fcm()).toBeUndefined();
  });

  test("[N-10] FCM's access token is kept until five minutes before it expires", async () => {
    await awake().fcm();
    now += 55 * MINUTE - 1;
    expect(await awake().fcm()).toBe("access-1");
    now += 1;
    expect(await awake().fcm()).toBe("access-2");
  });

  test("[N-10] a refused access token is replaced", async () => {
    await awake().fcm();
    awake().refused("access-1");
    expect(await awake().fcm()).toBe("access-2");
  });

  test("[N-10] FCM's access token is renewed if the service account was replaced", async () => {
    await awake().fcm();
    expect(await awake({ ...google.account, client_email: "new@demo.iam.gserviceaccount.com" }).fcm()).toBe(
      "access-2",
    );
  });

  test("[N-10] concurrent requests get one access token", async () => {
    const keeper = awake();
    const tokens = await Promise.all([keeper.fcm(), keeper.fcm(), keeper.fcm()]);
    expect(new Set([...tokens, await keeper.fcm()]).size).toBe(1);
  });

  test.each([
    [400, { error: "invalid_grant", error_description: "Invalid JWT Signature." }, "invalid_grant"],
    [503, "busy", "status 503"],
    [200, "not JSON", "none of Google's"],
    [200, { access_token: "a secret" }, "none of Google's"],
    [200, { access_token: "", expires_in: 3_600 }, "none of Google's"],
  ])(
    "[N-10] a request for an access token fails, and is repeated, after %d %j",
    async (status, body, why) => {
      const keeper = awake();
      google.answerOnce(status, typeof body === "string" ? body : JSON.stringify(body));
      const error = await keeper.fcm().catch((reason) => reason);
      expect(String(error)).toContain(why);
      expect(String(error)).not.toContain("a secret");
      expect(await keeper.fcm()).toBe("access-1");
    },
  );
});

/** A token server as Google's is, that gives out `access-1`, `access-2` and so on, each for an hour. */
async function openGoogle() {
  const { publicKey, privateKey } = await generateKeyPair("RS256", { extractable: true });
  const asked: { grant: string; assertion: string; type: string }[] = [];
  let next: { status: number; body: string } | undefined;
  let given = 0;
  const server = createServer(async (request, response) => {
    const form = new URLSearchParams(await text(request));
    asked.push({
      grant: form.get("grant_type") ?? "",
      assertion: form.get("assertion") ?? "",
      type: request.headers["content-type"] ?? "",
    });
    if (next !== undefined) {
      response.writeHead(next.status).end(next.body);
      next = undefined;
      return;
    }
    given += 1;
    response.end(
      JSON.stringify({ access_token: `access-${given}`, expires_in: 3_600, token_type: "Bearer" }),
    );
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    asked,
    publicKey,
    account: {
      project_id: "demo",
      client_email: "parley@demo.iam.gserviceaccount.com",
      private_key: await exportPKCS8(privateKey),
      token_uri: `http://127.0.0.1:${address.port}/token`,
    },
    answerOnce(status: number, body: string) {
      next = { status, body };
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
