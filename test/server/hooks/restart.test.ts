import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { type Server, startServer } from "../../support/server.ts";
import { configure } from "../support/settings.ts";

/** A webhook that fails until it is told to work. */
const events: { id: string | undefined; body: string }[] = [];
let status = 500;
const webhook = createServer((request, response) => {
  let body = "";
  request.on("data", (chunk) => {
    body += chunk;
  });
  request.on("end", () => {
    events.push({ id: String(request.headers["webhook-id"]), body });
    response.writeHead(status).end();
  });
});

afterAll(() => webhook.close());

const master = {
  "X-LC-Id": "parley-dev",
  "X-LC-Key": "parley-dev-master,master",
  "Content-Type": "application/json",
};

async function post(server: Server, path: string, body: object): Promise<{ objectId: string }> {
  const response = await fetch(server.url + path, {
    method: "POST",
    headers: master,
    body: JSON.stringify(body),
  });
  expect(response.status, await response.clone().text()).toBeLessThan(300);
  const answer: { objectId: string } = JSON.parse(await response.text());
  return answer;
}

test("[H-02] events that a webhook has not accepted yet survive kill -9 of the server", async () => {
  await new Promise<void>((resolve) => webhook.listen(0, "127.0.0.1", resolve));
  const address = webhook.address();
  if (address === null || typeof address === "string") throw new Error("the webhook is not listening");
  const data = await mkdtemp(join(tmpdir(), "parley-"));
  try {
    const first = await startServer({ data });
    await configure(first, {
      webhooks: {
        url: `http://127.0.0.1:${address.port}/parley`,
        secret: "whsec_c2VjcmV0",
        events: ["messageSent"],
      },
    });
    const { objectId } = await post(first, "/1.2/rtm/conversations", { m: ["Tom", "Jerry"] });
    await post(first, `/1.2/rtm/conversations/${objectId}/messages`, {
      from_client: "Tom",
      message: "written down",
    });
    await expect.poll(() => events.length, { timeout: 20_000 }).toBe(1);
    await first.kill();

    status = 204;
    const second = await startServer({ data });
    await expect.poll(() => events.length, { timeout: 30_000 }).toBe(2);
    expect(events[1]?.id).toBe(events[0]?.id);
    expect(JSON.parse(events[1]?.body ?? "")).toMatchObject({ data: { content: "written down" } });
    await second.stop();
  } finally {
    await rm(data, { recursive: true, force: true, maxRetries: 5 });
  }
});
