import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Server, startServer } from "../../support/server.ts";
import { StubUpstream } from "../../support/stub-upstream.ts";
import { configure, ownerHeaders } from "../support/owner.ts";

/* SDKs send several requests, or a single one, as a batch. */

const upstream = new StubUpstream();
let server: Server;

beforeAll(async () => {
  await upstream.open();
  server = await startServer();
});
beforeEach(async () => {
  upstream.requests.length = 0;
  upstream.answer = (_, response) => response.end('[{"success":{"objectId":"1"}}]');
  await configure(server, { upstream: { url: upstream.url } });
});
afterAll(async () => {
  await server?.stop();
  await upstream.close();
});

const send = (path: string, body: string) =>
  fetch(server.url + path, { method: "POST", headers: ownerHeaders, body });
const batchOf = (...paths: string[]) =>
  JSON.stringify({
    requests: paths.map((path) => ({
      method: "POST",
      path,
      body: { deviceType: "ios", deviceToken: "ab".repeat(32) },
    })),
  });

describe("a batch", () => {
  test.each(["/1.1/batch", "/1.1/batch/save", "/1/batch"])(
    "a batch to %s for the upstream passes as it is",
    async (path) => {
      const body =
        ' {"requests": [{"method":"POST","path":"/1.1/classes/Todo","body":{"n":12345678901234567890,"x":1.0}},' +
        '{"method":"PUT","path":"https://a.example/1.1/users/1","body":{}}, {"method":"GET","path":"/classes/A?x=1"}]}';
      const response = await send(path, body);
      expect(await response.json()).toEqual([{ success: { objectId: "1" } }]);
      expect(upstream.requests).toMatchObject([{ url: path, body }]);
    },
  );

  test.each(["/1.1/installations", "/1.1/classes/_Installation", "//1.1//%69nstallations", "installations"])(
    "a batch for %s is served here",
    async (path) => {
      const response = await send("/1.1/batch", batchOf(path));
      expect([response.status, upstream.requests]).toEqual([200, []]);
    },
  );

  test.each(["/1/batch", "/1.2/batch", "/1.1/BATCH", "/1.1/batch;x"])(
    "a batch to %s for what is kept here does not pass unread",
    async (path) => {
      const response = await send(path, batchOf("/1.1/installations"));
      expect([response.status, upstream.requests]).toEqual([404, []]);
    },
  );

  test("a batch for both is refused as a whole, and neither does any of it", async () => {
    const response = await send("/1.1/batch", batchOf("/1.1/installations", "/1.1/classes/Todo"));
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      code: 105,
      error: expect.stringContaining("batches of their own"),
    });
    expect(upstream.requests).toEqual([]);
  });

  test("a batch that is too long to be read passes unread", async () => {
    const body = `{"requests":[{"method":"POST","path":"/1.1/classes/Todo","body":{"x":"${"x".repeat(300_000)}"}}]}`;
    expect((await send("/1.1/batch", body)).status).toBe(200);
    const short = `{"requests":[${'{"path":"a"},'.repeat(15_000)}{}]}`;
    expect((await send("/1.1/batch", short)).status).toBe(200);
    expect(upstream.requests.map((each) => each.body)).toEqual([body, short]);
  });

  test.each(["", "{", "[]", '{"requests":{}}', '{"requests":[]}', '{"requests":[null]}'])(
    "the malformed batch %j is refused or answered here",
    async (body) => {
      const response = await send("/1.1/batch", body);
      expect([200, 400]).toContain(response.status);
    },
  );

  test("without an upstream, parts for it are refused one by one", async () => {
    await configure(server, { upstream: null });
    const response = await send("/1.1/batch", batchOf("/1.1/installations", "/1.1/classes/Todo"));
    expect(await response.json()).toMatchObject([{ success: {} }, { error: { code: 404 } }]);
  });
});
