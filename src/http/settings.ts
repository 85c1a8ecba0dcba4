import { Hono } from "hono";
import { parseJson } from "../protocol/json-text.ts";
import { patchProblem } from "../settings/schema.ts";
import { patchSettings, readSettings } from "../settings/store.ts";
import type { HttpEnv } from "./env.ts";
import { failures, refuse } from "./errors.ts";

/** `GET` and `PATCH /admin/settings`, with the master key: all settings, and a JSON merge patch of them. */
export const settings = new Hono<HttpEnv>()
  .get("/admin/settings", async (context) => {
    // Past the cache: whoever asks here wants to see what was stored, not what an isolate remembers.
    return context.json(await readSettings(context.env));
  })
  .patch("/admin/settings", async (context) => {
    const patch = parseJson(await context.req.text());
    if ("problem" in patch) {
      return refuse(context, 400, { ...failures.malformedJson, error: `Malformed JSON: ${patch.problem}.` });
    }
    const problem = patchProblem(patch.value);
    if (problem !== undefined) return refuse(context, 400, { code: 105, error: problem });
    return context.json(await patchSettings(context.env, patch.value));
  });
