import { Hono } from "hono";
import * as v from "valibot";
import { conversationOf } from "../../conversation/conversation-of.ts";
import { knownClients } from "../../conversation/known-clients.ts";
import { installationsWithChannels } from "../../database/installations/installations.ts";
import { hooksOf } from "../../hooks/before/app-hooks.ts";
import type { OfflineEvent } from "../../push/offline-push.ts";
import { providersOf } from "../../push/providers.ts";
import { type DevicePreview, deviceProblems, previewProblems, previewPush } from "../../push/push-preview.ts";
import { settingsOf } from "../../settings/store.ts";
import type { HttpEnv } from "../env.ts";
import { isRefused, refused } from "../errors.ts";
import * as example from "../examples.ts";
import { mustExist } from "../existing-conversation.ts";
import { awaitCall } from "../object-call.ts";
import { operation, takes } from "../operation.ts";
import * as schema from "../schemas.ts";

const asked = v.pipe(
  v.object({
    client_id: v.pipe(schema.clientId(example.READER), v.description("Whom it would be pushed to.")),
    conv_id: schema.conversationId(),
    from_client: schema.clientId(),
    message: schema.content(),
    push_data: v.optional(schema.pushData()),
    ask_hook: v.optional(
      v.pipe(
        v.boolean(),
        v.description("Ask the app's hook `receiversOffline`, which then sees a message that is not there."),
      ),
      false,
    ),
  }),
  schema.shown({
    client_id: example.READER,
    conv_id: example.CONVERSATION,
    from_client: example.SENDER,
    message: example.TEXT,
    push_data: { alert: "Cheese!" },
  }),
);

const device = v.object({
  installation: v.pipe(v.string(), v.examples([example.INSTALLATION])),
  device_type: v.pipe(v.string(), v.examples(["ios"])),
  vendor: v.optional(v.pipe(v.string(), v.examples(["mi"]))),
  provider: v.optional(v.pipe(v.string(), v.description("Absent if none serves it."), v.examples(["apns"]))),
  payload: v.optional(
    v.pipe(
      schema.anything(),
      v.description("What the provider would be given for the device, without tokens."),
      schema.shown({ aps: { alert: "Cheese!" } }),
    ),
  ),
  problem: v.optional(
    v.pipe(
      v.string(),
      v.description("In place of a payload: why the device would get nothing."),
      v.examples(["inactive for 90 days"]),
    ),
  ),
  problem_code: v.optional(
    v.pipe(
      v.picklist(deviceProblems),
      v.description("Which problem it is; absent for what a provider says."),
      v.examples(["inactive"]),
    ),
  ),
});

const answer = v.object({
  would_push: v.pipe(
    v.boolean(),
    v.description("Whether any device would get something."),
    v.examples([true]),
  ),
  problems: v.pipe(
    v.array(v.object({ code: v.picklist(previewProblems), text: v.string() })),
    v.description("Why nothing would be pushed at all."),
    v.examples([[{ code: "muted", text: "The client has muted the conversation." }]]),
  ),
  source: v.optional(
    v.pipe(
      v.picklist(["hook", "push_data", "static"]),
      v.description("Where the content comes from; absent without content."),
      v.examples(["push_data"]),
    ),
  ),
  hook: v.pipe(
    v.picklist(["asked", "not asked"]),
    v.description("Whether the app's hook had a say in this preview."),
    v.examples(["not asked"]),
  ),
  content: v.optional(v.pipe(schema.anyObject(), schema.shown({ alert: "Cheese!" }))),
  environment: v.optional(
    v.pipe(v.picklist(["prod", "dev"]), v.description("Apple's server."), v.examples(["prod"])),
  ),
  devices: v.array(device),
});

/** What a message would push to a client (P-01), without a message and without a push. */
export const pushPreviewRoutes = new Hono<HttpEnv>().post(
  "/admin/push/preview",
  operation({
    id: "previewPush",
    isReading: true,
    tag: "Administration",
    summary: "Show what a message would push to a client, or why nothing",
    description: "By the rules of real pushes. Nothing is sent, and no provider is called.",
    access: "master",
    answer,
  }),
  takes("json", asked, undefined, "as written"),
  async (context) => {
    const { env } = context;
    const given = context.req.valid("json");
    const { client_id: clientId, conv_id: conversationId } = given;
    await mustExist(env, conversationId);
    const asking = conversationOf(env, conversationId).inspect("recipient", { clientId });
    const [recipient, settings, found, isOnline] = await Promise.all([
      awaitCall(asking, `members of ${conversationId}`),
      awaitCall(settingsOf(env).get(), "settings"),
      awaitCall(installationsWithChannels(env.DB, [clientId]), "devices"),
      onlineState(env, clientId),
    ]);
    if (isRefused(recipient)) return refused(context, recipient);
    const now = Date.now();
    const event: OfflineEvent = {
      id: crypto.randomUUID(),
      at: now,
      name: "receiversOffline",
      messageId: "preview",
      conversationId,
      from: given.from_client,
      content: given.message,
      timestamp: now,
      address: undefined,
      mentionAll: false,
      mentions: [],
      offline: [clientId],
      muted: recipient.muted ? [clientId] : [],
      pushData: given.push_data,
      to: undefined,
    };
    const hook = given.ask_hook ? await hooksOf(env).aboutOffline(event) : undefined;
    const client = {
      clientId,
      isOnline,
      isMember: recipient.isMember,
      hasMuted: recipient.muted,
      installations: found.map(({ installation }) => installation),
    };
    const providers = providersOf(env, settings);
    const preview = await previewPush(event, client, hook, settings.push.static, providers, now);
    const { problems, source, content, environment, devices } = preview;
    return context.json({
      would_push: problems.length === 0 && devices.some((each) => "payload" in each),
      problems,
      source,
      hook: hook === undefined ? "not asked" : "asked",
      content,
      environment,
      devices: devices.map(deviceJson),
    });
  },
);

/** No object is made for a client that never logged in. */
async function onlineState(env: HttpEnv["Bindings"], clientId: string): Promise<boolean> {
  const known = knownClients(env.DB).mayHaveLoggedIn(clientId);
  if (!(await awaitCall(known, `looking for ${clientId}`))) return false;
  return awaitCall(env.CLIENTS.getByName(clientId).isOnline(), `presence of ${clientId}`);
}

function deviceJson({ installation, provider, ...preview }: DevicePreview) {
  const { id, deviceType, vendor } = installation;
  const about = { installation: id, device_type: deviceType, vendor, provider };
  if (!("problemCode" in preview)) return { ...about, ...preview };
  return { ...about, problem: preview.problem, problem_code: preview.problemCode };
}
