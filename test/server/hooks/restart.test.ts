import { createServer } from "node:http";
import { afterAll, expect, test } from "vitest";
import { callAsOwner, configure } from "../support/owner.ts";
import { useServers } from "../support/servers.ts";

const servers = useServers();

/** A webhook that answers with `status`. */
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

test("[H-02] events that a webhook has not accepted yet survive kill -9 of the server", async () => {
  await new Promise<void>((resolve) => webhook.listen(0, "127.0.0.1", resolve));
  const address = webhook.address();
  if (address === null || typeof address === "string") throw new Error("the webhook is not listening");
  const first = await servers.start();
  await configure(first, {
    webhooks: {
      url: `http://127.0.0.1:${address.port}/parley`,
      secret: "whsec_c2VjcmV0",
      events: ["messageSent"],
    },
  });
  const { objectId } = await callAsOwner<{ objectId: string }>(first, "POST", "/1.2/rtm/conversations", {
    m: ["Tom", "Jerry"],
  });
  await callAsOwner(first, "POST", `/1.2/rtm/conversations/${objectId}/messages`, {
    from_client: "Tom",
    message: "written down",
  });
  await expect.poll(() => events.length, { timeout: 20_000 }).toBe(1);
  await first.kill();

  status = 204;
  await servers.start();
  await expect.poll(() => events.length, { timeout: 30_000 }).toBe(2);
  expect(events[1]?.id).toBe(events[0]?.id);
  expect(JSON.parse(events[1]?.body ?? "")).toMatchObject({ data: { content: "written down" } });
});
