import { jwtVerify } from "jose";
import { expect, test } from "vitest";
import { type Fetch, Outbound } from "../../../src/outbound/http-client.ts";
import { WebPush } from "../../../src/push/web-push.ts";
import { decryptWebPush } from "../../support/push/aes128gcm.ts";
import { device, push, target } from "../../support/push/pushes.ts";
import { browser, vapidKeys, vapidPublicKey } from "../../support/push/web-push-endpoint.ts";

test("[P-01] in the runtime itself, a push is encrypted for its browser and signed by the server", async () => {
  const keys = vapidKeys();
  const { ecdh, auth, keys: own } = browser();
  const taken: { body: Buffer; authorization: string }[] = [];
  const service: Fetch = async (url, init) => {
    const request = new Request(url, init);
    const authorization = request.headers.get("authorization") ?? "";
    taken.push({ body: Buffer.from(await request.arrayBuffer()), authorization });
    return new Response(null, { status: 201 });
  };
  const outbound = new Outbound("public", { open: service, all: service });
  const subscription = { endpoint: "https://push.example.com/jerry", keys: own };
  const outcomes = await new WebPush(keys, { outbound, now: Date.now }).send(push({ alert: "Cheese!" }), [
    target(device({ subscription })),
  ]);
  expect(outcomes).toEqual([{ outcome: "sent" }]);
  const [{ body, authorization } = { body: Buffer.alloc(0), authorization: "" }] = taken;
  expect(JSON.parse(decryptWebPush(body, { ecdh, auth }).toString())).toMatchObject({ alert: "Cheese!" });
  const [, token = "", key] = /^vapid t=([\w.-]+), k=([\w-]+)$/.exec(authorization) ?? [];
  expect(key).toBe(keys.publicKey);
  const options = { audience: "https://push.example.com", subject: keys.subject };
  await jwtVerify(token, await vapidPublicKey(keys.publicKey), options);
});
