import { Hono } from "hono";
import * as v from "valibot";
import { isClientId } from "../conversation/client-id.ts";
import { withDeadline } from "../deadline.ts";
import { parseJson } from "../protocol/json-text.ts";
import type { HttpEnv } from "./env.ts";
import { failures, refuse } from "./errors.ts";

const LIMIT = 100; // clients in one call
const DEADLINE = 5_000; // ms for their objects to answer

const body = v.object({
  client_ids: v.pipe(v.array(v.pipe(v.string(), v.check(isClientId))), v.maxLength(LIMIT)),
});

/**
 * `POST /admin/goaway {"client_ids": [...]}`, with the master key: asks the devices of these clients to look the
 * server up again and reconnect (wire §2.5). Answers with how many sessions were told.
 */
export const goAway = new Hono<HttpEnv>().post("/admin/goaway", async (context) => {
  const json = parseJson(await context.req.text());
  if ("problem" in json) return refuse(context, 400, failures.malformedJson);
  const parsed = v.safeParse(body, json.value);
  if (!parsed.success) {
    return refuse(context, 400, { code: 105, error: `client_ids: a list of up to ${LIMIT} client ids` });
  }
  const told = parsed.output.client_ids.map((clientId) =>
    withDeadline(context.env.CLIENTS.getByName(clientId).goAway(), DEADLINE, "goaway"),
  );
  const sessions = (await Promise.all(told)).reduce((sum, count) => sum + count, 0);
  return context.json({ sessions });
});
