import { type Context, Hono } from "hono";
import * as v from "valibot";
import { addressProblem } from "../../outbound/http-client.ts";
import { changesBetween } from "../../settings/changes.ts";
import { apnsKey } from "../../settings/push-settings.ts";
import type { Settings } from "../../settings/schema.ts";
import { withoutSecrets } from "../../settings/secrets.ts";
import { changeSettings } from "../../settings/store.ts";
import { HIDDEN } from "../../settings/value-schemas.ts";
import type { HttpEnv } from "../env.ts";
import { failures, INVALID_FIELD, refuse } from "../errors.ts";
import * as example from "../examples.ts";
import { awaitCall } from "../object-call.ts";
import { operation, takes } from "../operation.ts";
import { shown } from "../schemas.ts";

type ApnsKey = Settings["push"]["apns"]["keys"][number];

const path = v.object({
  keyId: v.pipe(v.string(), v.minLength(1), v.maxLength(64), v.examples([example.APNS_KEY_ID])),
});

const key = v.pipe(v.omit(apnsKey(), ["keyId"]), shown(example.APNS_KEY));

const keys = v.pipe(
  v.object({ results: v.array(apnsKey()) }),
  shown({ results: [{ ...example.APNS_KEY, keyId: example.APNS_KEY_ID, privateKey: HIDDEN }] }),
);

/**
 * Apple's keys, one by one (P-16, P-20): callers cannot read the stored secrets, so they could not send back a list
 * that includes them.
 */
export const apnsKeyRoutes = new Hono<HttpEnv>()
  .put(
    "/admin/push/apns-keys/:keyId",
    operation({
      id: "setApnsKey",
      tag: "Administration",
      summary: "Add or replace a key for APNs",
      description: "Part of the setting `push.apns.keys`; the other keys stay. Answers with all of them.",
      access: "master",
      answer: keys,
    }),
    takes("param", path),
    takes("json", key),
    async (context) => {
      const { keyId } = context.req.valid("param");
      const given = { ...context.req.valid("json"), keyId };
      return changed(context, (before) => {
        const isKnown = before.some((other) => other.keyId === keyId);
        return isKnown ? before.map((other) => (other.keyId === keyId ? given : other)) : [...before, given];
      });
    },
  )
  .delete(
    "/admin/push/apns-keys/:keyId",
    operation({
      id: "removeApnsKey",
      tag: "Administration",
      summary: "Remove a key for APNs",
      description: "The other keys stay, and are the answer. 404 where there is no such key.",
      access: "master",
      answer: keys,
    }),
    takes("param", path),
    async (context) => {
      const { keyId } = context.req.valid("param");
      let wasThere = false;
      const answer = await changed(context, (before) => {
        wasThere = before.some((other) => other.keyId === keyId);
        return before.filter((other) => other.keyId !== keyId);
      });
      return wasThere ? answer : refuse(context, 404, failures.notFound);
    },
  );

/** Changes the list in its current state, and responds with the result. */
async function changed(context: Context<HttpEnv>, change: (before: ApnsKey[]) => ApnsKey[]) {
  const { env } = context;
  const changing = changeSettings(
    env,
    ({ push }) => ({ push: { apns: { keys: change(push.apns.keys) } } }),
    (url, allowPrivate) => addressProblem(env, url, allowPrivate),
  );
  const outcome = await awaitCall(changing, "settings");
  if ("problem" in outcome) return refuse(context, 400, { code: INVALID_FIELD, error: outcome.problem });
  context.set("change", changesBetween(outcome.before, outcome.settings));
  return context.json({ results: withoutSecrets(outcome.settings).push.apns.keys });
}
