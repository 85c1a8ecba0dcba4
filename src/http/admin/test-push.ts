import { type Context, Hono } from "hono";
import * as v from "valibot";
import { installationsById } from "../../database/installations/installations.ts";
import type { Installation } from "../../model/installation.ts";
import { printable } from "../../printable.ts";
import { providersOf } from "../../push/providers.ts";
import { controlled } from "../../push/push-content.ts";
import { phoneNamed, testPush } from "../../push/test-push.ts";
import { settingsOf } from "../../settings/store.ts";
import type { HttpEnv } from "../env.ts";
import { INVALID_FIELD, refuse } from "../errors.ts";
import * as example from "../examples.ts";
import { awaitCall } from "../object-call.ts";
import { operation, takes } from "../operation.ts";
import { notThere } from "../response.ts";
import * as schema from "../schemas.ts";

/** A provider may take so long (ms): a token and one call. */
const LONGEST = 50_000;
/** The longest answer of a provider that is shown, in characters. */
const ANSWER_MAX = 4_096;

const text = (longest: number) => v.pipe(v.string(), v.minLength(1), v.maxLength(longest));

const asked = v.pipe(
  v.object({
    installation: v.optional(v.pipe(text(64), v.description("The id of an installation."))),
    vendor: v.optional(
      v.pipe(text(64), v.description("With `registrationId`, in place of an installation: as SDKs save it.")),
    ),
    registrationId: v.optional(text(4_096)),
    deviceProfile: v.optional(text(256)),
    data: v.optional(v.pipe(schema.anyObject(), v.description("The content; a short text otherwise."))),
  }),
  v.check(
    ({ installation, vendor, registrationId }) =>
      installation === undefined
        ? vendor !== undefined && registrationId !== undefined
        : vendor === undefined && registrationId === undefined,
    "installation: or vendor and registrationId, and not both",
  ),
  schema.shown({ installation: example.INSTALLATION, data: { alert: "Cheese!" } }),
);

const result = v.object({
  provider: v.pipe(v.string(), v.description("The way to the device."), v.examples(["hms"])),
  outcome: v.pipe(
    v.picklist(["sent", "gone", "failed", "later"]),
    v.description(
      "`gone`: the device no longer exists; it is not removed. `later`: a push would be tried again.",
    ),
    v.examples(["sent"]),
  ),
  why: v.optional(v.pipe(v.string(), v.description("Of every outcome but `sent`."))),
  answers: v.pipe(
    v.array(v.object({ status: v.pipe(v.number(), v.integer()), body: v.string() })),
    v.description("What a phone maker's service answered, as it is."),
    v.examples([[{ status: 200, body: '{"code":"80000000","msg":"Success"}' }]]),
  ),
});

/** A push to one device that shows what its provider answers. */
export const testPushRoutes = new Hono<HttpEnv>().post(
  "/admin/push/test",
  operation({
    id: "testPush",
    tag: "Administration",
    summary: "Push to one device and read what its provider answers",
    description:
      "At once and once, without a record. 404 for an unknown installation, 400 if no provider serves it.",
    access: "master",
    answer: result,
  }),
  takes("json", asked, undefined, "as written"),
  async (context) => {
    const {
      installation: id,
      vendor = "",
      registrationId = "",
      deviceProfile,
      data,
    } = context.req.valid("json");
    const device =
      id === undefined
        ? phoneNamed({ vendor, registrationId, profile: deviceProfile })
        : await stored(context, id);
    if (device === undefined)
      return refuse(context, notThere.status, { ...notThere.failure, error: "No installation has this id." });
    const { env } = context;
    const settings = await awaitCall(settingsOf(env).get(), "settings");
    const { content } = controlled(data ?? { alert: "A test of push", title: "Parley" });
    const testing = testPush(device, content, (heard) => providersOf(env, settings, heard), Date.now());
    const tested = await awaitCall(testing, "a test push", LONGEST);
    if (tested === undefined) {
      const error =
        "No provider that is set up serves this device: see its deviceType, vendor and registrationId, and npm run push -- show.";
      return refuse(context, 400, { code: INVALID_FIELD, error });
    }
    const { provider, outcome, answers } = tested;
    return context.json({
      provider,
      outcome: outcome.outcome,
      ...("why" in outcome && { why: outcome.why }),
      answers: answers.map(({ status, text: body }) => ({ status, body: printable(body, ANSWER_MAX) })),
    });
  },
);

async function stored({ env }: Context<HttpEnv>, id: string): Promise<Installation | undefined> {
  const [installation] = await awaitCall(installationsById(env.DB, [id]), "reading an installation");
  return installation;
}
