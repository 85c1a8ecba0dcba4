import { Hono } from "hono";
import * as v from "valibot";
import { addressProblem } from "../../outbound/http-client.ts";
import { changesBetween } from "../../settings/changes.ts";
import { patchProblem, settingsSchema, settingsSchemaOf } from "../../settings/schema.ts";
import { withoutSecrets } from "../../settings/secrets.ts";
import { inspectSettings, patchSettings } from "../../settings/store.ts";
import { readJson } from "../body.ts";
import { ifMatchOf, isExpected, tagOf } from "../conditions.ts";
import type { HttpEnv } from "../env.ts";
import { failures, INVALID_FIELD, refuse } from "../errors.ts";
import { isFileHost } from "../files/file-domain.ts";
import { awaitCall } from "../object-call.ts";
import { operation } from "../operation.ts";
import { anyObject, anything, shown } from "../schemas.ts";
import { isThisServer } from "../web-page.ts";
import { describeSettings, type SettingDescription } from "./setting-descriptions.ts";

const description = v.pipe(
  v.object({
    path: v.string(),
    description: v.string(),
    default: v.pipe(anything(), v.description("What counts where nothing was set.")),
    nullable: v.boolean(),
    secret: v.pipe(v.boolean(), v.description("Whether a value that is set is shown as `***`.")),
    read_only: v.pipe(v.boolean(), v.description("Whether something else than a patch sets it.")),
    whole: v.pipe(
      v.boolean(),
      v.description("Whether a patch replaces the object and does not merge into it."),
    ),
    schema: v.pipe(anyObject(), v.description("The JSON Schema of a value: its type, choices and range.")),
  }),
  shown({
    path: "limits.members",
    description: "Members of one conversation.",
    default: 500,
    nullable: false,
    secret: false,
    read_only: false,
    whole: false,
    schema: { type: "integer", minimum: 1, maximum: 10_000 },
  }),
);

/** They never change while the Worker runs. */
let descriptions: SettingDescription[] | undefined;

const patch = v.pipe(settingsSchema, shown({ limits: { members: 500, messageBytes: 8192 } }));

/** `GET` and `PATCH /admin/settings`, with the master key: all settings but the secrets, and a JSON merge patch of them. */
export const settingsRoutes = new Hono<HttpEnv>()
  .get(
    "/admin/settings",
    operation({
      id: "getSettings",
      tag: "Administration",
      summary: "Read the settings",
      description: "A secret that is set is shown as `***`. The `ETag` is for `If-Match` of a change.",
      access: "master",
      answer: settingsSchema,
    }),
    async (context) => {
      // Read past the cache: the caller wants to see what was stored, not what an isolate remembers.
      const { settings, version } = await awaitCall(inspectSettings(context.env), "settings");
      return context.json(withoutSecrets(settings), 200, { ETag: tagOf(version) });
    },
  )
  .get(
    "/admin/settings/description",
    operation({
      id: "describeSettings",
      tag: "Administration",
      summary: "Read what each setting does",
      description: "With its default and the values that it takes.",
      access: "master",
      answer: v.object({ results: v.array(description) }),
    }),
    (context) => {
      descriptions ??= describeSettings(settingsSchemaOf(context.env.DEMO === "1"));
      return context.json({ results: descriptions });
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
      headers: [ifMatchOf("the settings")],
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
      const addressProblemOf = (url: string, allowPrivate: boolean, field: string) => {
        const isLoop = field.startsWith("upstream.") && isThisServer(context.req.raw, url);
        return isLoop ? "is this server itself" : addressProblem(env, url, allowPrivate);
      };
      const ifMatch = context.req.header("If-Match");
      const patching = patchSettings(env, body.value, addressProblemOf, (version) =>
        isExpected(version, ifMatch),
      );
      const patched = await awaitCall(patching, "settings");
      if ("problem" in patched) return refuse(context, 400, { code: INVALID_FIELD, error: patched.problem });
      if ("conflict" in patched) {
        const { settings, version } = patched.conflict;
        const error = "Somebody else changed the settings meanwhile; these are the current ones.";
        const current = { code: 412, error, settings: withoutSecrets(settings) };
        return context.json(current, 412, { ETag: tagOf(version) });
      }
      context.set("change", changesBetween(patched.before, patched.settings));
      return context.json(withoutSecrets(patched.settings), 200, { ETag: tagOf(patched.version) });
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
