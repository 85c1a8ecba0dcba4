import { Hono } from "hono";
import * as v from "valibot";
import { addressProblem } from "../../outbound/http-client.ts";
import { patchProblem, settingsSchema } from "../../settings/schema.ts";
import { withoutSecrets } from "../../settings/secrets.ts";
import { inspectSettings, patchSettings } from "../../settings/store.ts";
import { readJson } from "../body.ts";
import type { HttpEnv } from "../env.ts";
import { failures, INVALID_FIELD, refuse } from "../errors.ts";
import { isFileHost } from "../files/file-domain.ts";
import { awaitCall } from "../object-call.ts";
import { operation } from "../operation.ts";
import { shown } from "../schemas.ts";
import { isThisServer } from "../web-page.ts";

const patch = v.pipe(settingsSchema, shown({ limits: { members: 500, messageBytes: 8192 } }));

/** `GET` and `PATCH /admin/settings`, with the master key: all settings but the secrets, and a JSON merge patch of them. */
export const settingsRoutes = new Hono<HttpEnv>()
  .get(
    "/admin/settings",
    operation({
      id: "getSettings",
      tag: "Administration",
      summary: "Read the settings",
      description: "A secret that is set is shown as `***`.",
      access: "master",
      answer: settingsSchema,
    }),
    async (context) => {
      // Read past the cache: the caller wants to see what was stored, not what an isolate remembers.
      return context.json(withoutSecrets(await awaitCall(inspectSettings(context.env), "settings")));
    },
  )
  .patch(
    "/admin/settings",
    operation({
      id: "changeSettings",
      tag: "Administration",
      summary: "Change settings",
      description: "A JSON merge patch (RFC 7396): what is not named stays, `null` sets a field back.",
      access: "master",
      answer: settingsSchema,
      body: patch,
    }),
    async (context) => {
      const { env } = context;
      const body = await readJson(context);
      if ("failure" in body) return refuse(context, body.status, body.failure);
      if (body.value === undefined) return refuse(context, 400, failures.malformedJson);
      const problem = patchProblem(body.value);
      if (problem !== undefined) return refuse(context, 400, { code: INVALID_FIELD, error: problem });
      if (wouldTakeHost(context.req.raw, body.value)) {
        const error = "files: this is the API's own host; files need another, or a path such as /files";
        return refuse(context, 400, { code: INVALID_FIELD, error });
      }
      const patching = patchSettings(env, body.value, (url, allowPrivate, field) => {
        const isLoop = field.startsWith("upstream.") && isThisServer(context.req.raw, url);
        return isLoop ? "is this server itself" : addressProblem(env, url, allowPrivate);
      });
      const patched = await awaitCall(patching, "settings");
      if ("problem" in patched) return refuse(context, 400, { code: INVALID_FIELD, error: patched.problem });
      return context.json(withoutSecrets(patched.settings));
    },
  );

const fileAddresses = v.object({
  files: v.object({ url: v.nullish(v.string(), null), domains: v.nullish(v.array(v.string()), []) }),
});

/** Whether a patch would give files the host that is asked, where nobody could take that back. */
function wouldTakeHost(request: Request, given: unknown): boolean {
  const { success, output } = v.safeParse(fileAddresses, given);
  return success && isFileHost(request, { url: output.files.url, domains: output.files.domains ?? [] });
}
