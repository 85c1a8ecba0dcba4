import { createExecutionContext } from "cloudflare:test";
import { beforeAll, expect, test } from "vitest";
import { createApp } from "../../../src/http/app.ts";
import { COSTLY_REQUEST, REQUESTS_PER_ADDRESS } from "../../../src/request-bounds.ts";
import { appKeys, masterKeys, openWorld, world } from "../support/world.ts";

beforeAll(() => openWorld());

const AT_ONCE = 50;

const app = createApp({ connect: () => new Response("a socket") });

function count(from: string, keys: Record<string, string> = appKeys): Promise<Response> {
  const headers = { ...keys, "CF-Connecting-IP": from };
  const request = new Request("http://parley.test/1.2/rtm/clients/nobody/unread-count", { headers });
  return app.fetch(request, world, createExecutionContext());
}

test("[I13] a caller that floods the API with the app key gets 429 with Retry-After, and no other caller does", async () => {
  const most = REQUESTS_PER_ADDRESS.public / COSTLY_REQUEST;
  for (let at = 0; at < most; at += AT_ONCE) {
    const answers = await Promise.all(Array.from({ length: AT_ONCE }, () => count("9.9.9.1")));
    for (const answer of answers) {
      expect(answer.status).toBe(200);
      await answer.arrayBuffer();
    }
  }
  const refused = await count("9.9.9.1");
  expect([refused.status, refused.headers.get("Retry-After")]).toEqual([429, "60"]);
  expect(await refused.json()).toMatchObject({ code: 429 });
  expect((await count("9.9.9.1", masterKeys)).status).toBe(200);
  expect((await count("9.9.9.2")).status).toBe(200);
});
