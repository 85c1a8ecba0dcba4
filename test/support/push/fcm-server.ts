import { generateKeyPairSync } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { jwtVerify } from "jose";
import * as v from "valibot";
import { type Answer, ProviderServer } from "./provider-server.ts";

const SCOPE = "https://www.googleapis.com/auth/firebase.messaging";
const GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer";
/** Seconds that an access token and an assertion count. */
const HOUR = 3_600;

/** A message as the HTTP v1 API takes it, as far as ours have it: anything else is an invalid argument. */
const Message = v.strictObject({
  token: v.string(),
  notification: v.optional(v.strictObject({ title: v.optional(v.string()), body: v.optional(v.string()) })),
  data: v.optional(
    v.record(
      v.pipe(
        v.string(),
        v.check((key) => !/^(from$|message_type$|gcm|google)/i.test(key)),
      ),
      v.string(),
    ),
  ),
  android: v.optional(
    v.strictObject({
      collapse_key: v.optional(v.string()),
      priority: v.optional(v.picklist(["NORMAL", "HIGH"])),
      ttl: v.optional(v.pipe(v.string(), v.regex(/^\d+(\.\d{1,9})?s$/))),
      notification: v.optional(
        v.strictObject({ channel_id: v.optional(v.string()), tag: v.optional(v.string()) }),
      ),
    }),
  ),
});

type FcmMessage = v.InferOutput<typeof Message>;

/** An error as FCM says it. */
function failure(status: number, name: string, message: string, details: object[]): Answer {
  return { status, body: { error: { code: status, message, status: name, details } } };
}

const fcmError = (errorCode: string) => ({
  "@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError",
  errorCode,
});

const violation = (field: string) => ({
  "@type": "type.googleapis.com/google.rpc.BadRequest",
  fieldViolations: [{ field, description: `Invalid value at '${field}'` }],
});

/** A token that its device has given up. */
export const unregistered = failure(404, "NOT_FOUND", "Requested entity was not found.", [
  fcmError("UNREGISTERED"),
]);
/** A text that is no token, in the two ways that FCM says so. */
export const noToken = failure(
  400,
  "INVALID_ARGUMENT",
  "The registration token is not a valid FCM registration token",
  [fcmError("INVALID_ARGUMENT")],
);
export const badToken = failure(400, "INVALID_ARGUMENT", "Request contains an invalid argument.", [
  fcmError("INVALID_ARGUMENT"),
  violation("message.token"),
]);
/** Something else in the message that does not fit. */
export const badField = failure(400, "INVALID_ARGUMENT", "Request contains an invalid argument.", [
  fcmError("INVALID_ARGUMENT"),
  violation("message.android.ttl"),
]);
/** A token of another app's project. */
export const otherSender = failure(403, "PERMISSION_DENIED", "SenderId mismatch", [
  fcmError("SENDER_ID_MISMATCH"),
]);
const unauthenticated = failure(
  401,
  "UNAUTHENTICATED",
  "Request had invalid authentication credentials.",
  [],
);

/** Google's two servers in one: tokens for a service account, and messages to devices. */
export class FcmServer extends ProviderServer {
  readonly #keys = generateKeyPairSync("rsa", { modulusLength: 2_048 });
  readonly #accessTokens = new Set<string>();
  /** Messages it took, in the order they came. */
  readonly messages: FcmMessage[] = [];
  /** How many access tokens it gave out. */
  issued = 0;
  /** What it does in place of taking a message, by the device's token. */
  readonly trouble = new Map<string, Answer>();
  /** What it does in place of giving out a token. */
  tokenTrouble: Answer | undefined;

  /** What the account's file says, once the server is open. */
  get serviceAccount() {
    return {
      type: "service_account",
      project_id: "cheese-shop",
      client_email: "parley@cheese-shop.iam.gserviceaccount.com",
      private_key: String(this.#keys.privateKey.export({ type: "pkcs8", format: "pem" })),
      token_uri: `${this.url}/token`,
    };
  }

  /** An access token, without the exchange. */
  issue(): string {
    this.issued += 1;
    const token = `ya29.${this.issued}`;
    this.#accessTokens.add(token);
    return token;
  }

  /** No token given out so far counts any more. */
  expireTokens(): void {
    this.#accessTokens.clear();
  }

  protected override async answerTo(request: IncomingMessage, bytes: Buffer): Promise<Answer> {
    const body = bytes.toString();
    if (request.method !== "POST") return { status: 405 };
    if (request.url === "/token") return this.#token(request, new URLSearchParams(body));
    if (request.url === `/v1/projects/${this.serviceAccount.project_id}/messages:send`) {
      return this.#send(request, body);
    }
    return { status: 404, body: "<html>404</html>" };
  }

  async #token(request: IncomingMessage, form: URLSearchParams): Promise<Answer> {
    if (this.tokenTrouble !== undefined) return this.tokenTrouble;
    const { client_email: issuer, token_uri: audience } = this.serviceAccount;
    const refused = (why: string): Answer => ({
      status: 400,
      body: { error: "invalid_grant", error_description: why },
    });
    if (!request.headers["content-type"]?.startsWith("application/x-www-form-urlencoded"))
      return refused("no form");
    if (form.get("grant_type") !== GRANT) return refused("no such grant");
    try {
      const options = { issuer, audience, algorithms: ["RS256"], requiredClaims: ["exp", "iat"] };
      const { payload } = await jwtVerify(form.get("assertion") ?? "", this.#keys.publicKey, options);
      const { iat = 0, exp = 0, scope } = payload;
      if (scope !== SCOPE) return refused("no such scope");
      if (exp - iat > HOUR) return refused("too long");
    } catch (error) {
      return refused(String(error));
    }
    const token = { access_token: this.issue(), expires_in: HOUR - 1, token_type: "Bearer" };
    return { status: 200, body: token };
  }

  #send(request: IncomingMessage, body: string): Answer {
    const [scheme, token = ""] = (request.headers.authorization ?? "").split(" ");
    if (scheme !== "Bearer" || !this.#accessTokens.has(token)) return unauthenticated;
    const parsed = v.safeParse(v.strictObject({ message: Message }), JSON.parse(body));
    if (!parsed.success) {
      const field = v.getDotPath(parsed.issues[0]) ?? "message";
      return failure(400, "INVALID_ARGUMENT", "Invalid JSON payload received.", [violation(field)]);
    }
    const { message } = parsed.output;
    const texts = [...Object.entries(message.data ?? {}), ...Object.entries(message.notification ?? {})];
    if (Buffer.byteLength(texts.flat().join("")) > 4_096) {
      return failure(400, "INVALID_ARGUMENT", "Android message is too big", [fcmError("INVALID_ARGUMENT")]);
    }
    const trouble = this.trouble.get(message.token);
    if (trouble !== undefined) return trouble;
    this.messages.push(message);
    const name = `projects/${this.serviceAccount.project_id}/messages/${this.messages.length}`;
    return { status: 200, body: { name } };
  }
}
