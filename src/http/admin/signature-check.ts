import { Hono } from "hono";
import * as v from "valibot";
import { credentialServicesOf } from "../../client/client-services.ts";
import { looksLikeJsonWebToken } from "../../client/json-web-token.ts";
import { knownClients } from "../../conversation/known-clients.ts";
import { banOf } from "../../database/bans.ts";
import {
  examineSignature,
  type SignatureMistake,
  signatureMistakes,
} from "../../protocol/signature-mistakes.ts";
import { lastTimeOf, type Permission } from "../../protocol/signatures.ts";
import type { Settings } from "../../settings/schema.ts";
import { settingsOf } from "../../settings/store.ts";
import type { HttpEnv } from "../env.ts";
import * as example from "../examples.ts";
import { awaitCall } from "../object-call.ts";
import { operation, takes } from "../operation.ts";
import * as schema from "../schemas.ts";

/** As many as a conversation may have with the highest setting, so that no list takes long to sort and sign. */
const MEMBERS_MAX = 500;
const SIGNATURE_MAX = 8_192; // characters; a JSON Web Token is longer than a signature

const aboutLists = ["invite", "kick", "conversation-block-clients", "conversation-unblock-clients"] as const;
const aboutConversations = ["client-block-conversations", "client-unblock-conversations", "history"] as const;
const actions = ["login", "create", ...aboutLists, ...aboutConversations] as const;

const asked = v.pipe(
  v.object({
    action: v.pipe(v.picklist(actions), v.description("What the signature is to permit.")),
    client_id: schema.clientId(),
    conv_id: v.optional(schema.conversationId()),
    members: v.optional(
      v.pipe(
        v.array(schema.clientId()),
        v.maxLength(MEMBERS_MAX),
        v.description(
          "As the client sends them, in its order; of a new conversation, or those who come or go.",
        ),
      ),
    ),
    signature: v.pipe(v.string(), v.maxLength(SIGNATURE_MAX)),
    timestamp: v.pipe(schema.time(), v.description("Milliseconds, or seconds.")),
    nonce: v.pipe(v.string(), v.maxLength(1024)),
  }),
  v.check(
    ({ action, conv_id }) => action === "login" || action === "create" || conv_id !== undefined,
    "conv_id: is needed for this action",
  ),
  schema.shown({
    action: "login",
    client_id: example.SENDER,
    signature: example.SIGNATURE,
    timestamp: example.MESSAGE_AT,
    nonce: example.NONCE,
  }),
);

const codes = [...signatureMistakes, "revoked", "json_web_token"] as const;

const answer = v.object({
  valid: v.pipe(v.boolean(), v.examples([false])),
  required: v.pipe(
    v.boolean(),
    v.description("Whether the settings ask for a signature here; it is not looked at otherwise."),
    v.examples([true]),
  ),
  expected: v.pipe(
    v.array(v.string()),
    v.description(
      "The texts of which any may be signed, with HMAC-SHA1 and the master key; the documented one first.",
    ),
    v.examples([["parley-dev:Tom::1700000000000:n0nce"]]),
  ),
  mistakes: v.pipe(
    v.array(v.object({ code: v.picklist(codes), text: v.string() })),
    v.description("What is wrong, as far as it can be told; empty if it is valid."),
    v.examples([
      [
        {
          code: "too_old",
          text: "The time of the signature is 380 days ago; a signature is good for 6 hours.",
        },
      ],
    ]),
  ),
});

type Asked = v.InferOutput<typeof asked>;
type Mistake = Omit<SignatureMistake, "code"> & { code: (typeof codes)[number] };

/** The tester of signing servers (G-02). */
export const signatureCheckRoutes = new Hono<HttpEnv>().post(
  "/admin/signatures/check",
  operation({
    id: "checkSignature",
    isReading: true,
    tag: "Administration",
    summary: "Find out whether a signature counts, and why not",
    description: "By the same rules as commands of clients. Nothing is changed, and no client is made.",
    access: "master",
    answer,
  }),
  takes("json", asked),
  async (context) => {
    const { env } = context;
    const given = context.req.valid("json");
    const { client_id: clientId, signature: text, timestamp, nonce } = given;
    const { security } = await awaitCall(settingsOf(env).get(), "settings");
    const required = isRequired(given.action, security);
    if (given.action === "login" && security.jwt !== null && looksLikeJsonWebToken(text)) {
      const checking = credentialServicesOf(env).checkJsonWebToken(text, clientId, security.jwt);
      const verdict = await awaitCall(checking, "keys for JSON Web Tokens");
      const mistakes: Mistake[] =
        "problem" in verdict
          ? [{ code: "json_web_token", text: verdict.problem }]
          : await revocations(env, clientId, verdict.issuedAt);
      return context.json({ valid: mistakes.length === 0, required, expected: [], mistakes });
    }
    const signature = { signature: text, timestamp, nonce };
    const check = {
      appId: env.APP_ID,
      masterKey: env.MASTER_KEY,
      clientId,
      permission: permissionOf(given),
      signature,
      now: Date.now(),
    };
    const { valid, expected, mistakes } = await examineSignature(check, { appKey: env.APP_KEY });
    const revoked = valid ? await revocations(env, clientId, lastTimeOf(signature)) : [];
    return context.json({
      valid: valid && revoked.length === 0,
      required,
      expected,
      mistakes: [...mistakes, ...revoked],
    });
  },
);

function isRequired(action: Asked["action"], security: Settings["security"]): boolean {
  switch (action) {
    case "login":
      return security.signLogin || security.jwt !== null;
    case "create":
    case "invite":
    case "kick":
      return security.signConversation;
    case "history":
      return security.signHistory;
    default:
      return security.signBlacklist;
  }
}

function permissionOf({ action, conv_id: conversationId = "", members = [] }: Asked): Permission {
  switch (action) {
    case "login":
      return { action };
    case "create":
      return { action, members };
    case "invite":
    case "kick":
    case "conversation-block-clients":
    case "conversation-unblock-clients":
      return { action, conversationId, members };
    default:
      return { action, conversationId };
  }
}

/** Why valid credentials of this time (ms) do not count: a kick or a ban. No object is woken for an unknown client. */
async function revocations(
  { CLIENTS, DB }: HttpEnv["Bindings"],
  clientId: string,
  madeAt: number,
): Promise<Mistake[]> {
  const ban = await awaitCall(banOf(DB, clientId), `ban of ${clientId}`);
  if (ban !== undefined) return [{ code: "revoked", text: "The client is banned." }];
  const known = knownClients(DB).mayHaveLoggedIn(clientId);
  if (!(await awaitCall(known, `looking for ${clientId}`))) return [];
  const refusal = await awaitCall(
    CLIENTS.getByName(clientId).signatureRefusal(madeAt),
    `access of ${clientId}`,
  );
  if (refusal === undefined) return [];
  return [{ code: "revoked", text: "The client was kicked, or banned, after this was signed: sign again." }];
}
