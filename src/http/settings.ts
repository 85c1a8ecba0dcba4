import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { withDeadline } from "../deadline.ts";
import { addressProblem } from "../hooks/outbound.ts";
import { parseJson } from "../protocol/json-text.ts";
import { patchProblem } from "../settings/schema.ts";
import { withoutSecrets } from "../settings/secrets.ts";
import { inspectSettings, patchSettings } from "../settings/store.ts";
import type { HttpEnv } from "./env.ts";
import { failures, refuse } from "./errors.ts";

const BODY_MAX = 65_536; // bytes
const DEADLINE = 10_000; // ms for D1

/** `GET` and `PATCH /admin/settings`, with the master key: all settings but the secrets, and a JSON merge patch of them. */
export const settings = new Hono<HttpEnv>()
  .get("/admin/settings", async (context) => {
    // Past the cache: whoever asks here wants to see what was stored, not what an isolate remembers.
    const current = await withDeadline(inspectSettings(context.env), DEADLINE, "settings");
    return context.json(withoutSecrets(current));
  })
  .patch(
    "/admin/settings",
    bodyLimit({
      maxSize: BODY_MAX,
      onError: (context) => refuse(context, 413, { code: 413, error: `At most ${BODY_MAX} bytes.` }),
    }),
    async (context) => {
      const patch = parseJson(await context.req.text());
      if ("problem" in patch) {
        return refuse(context, 400, {
          ...failures.malformedJson,
          error: `Malformed JSON: ${patch.problem}.`,
        });
      }
      const problem = patchProblem(patch.value);
      if (problem !== undefined) return refuse(context, 400, { code: 105, error: problem });
      const { env } = context;
      const patching = patchSettings(env, patch.value, (url, allowPrivate) =>
        addressProblem(env, url, allowPrivate),
      );
      const patched = await withDeadline(patching, DEADLINE, "settings");
      if ("problem" in patched) return refuse(context, 400, { code: 105, error: patched.problem });
      return context.json(withoutSecrets(patched.settings));
    },
  );
