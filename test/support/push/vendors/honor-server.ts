import type { IncomingMessage } from "node:http";
import * as v from "valibot";
import type { Answer } from "../provider-server.ts";
import { OauthVendorServer } from "./oauth-vendor-server.ts";

const APP_ID = "104403145";
const CLIENT = { id: "f0c1ee2d3b4a59687766554433221100", secret: "h0n0r5ecre7" };

const text = () => v.pipe(v.string(), v.minLength(1));

const clickAction = v.variant("type", [
  v.strictObject({
    type: v.literal(1),
    intent: v.pipe(v.string(), v.regex(/^intent:\/\/\S+#Intent;\S+;end$/)),
  }),
  v.strictObject({ type: v.literal(2), url: v.pipe(v.string(), v.startsWith("https://")) }),
  v.strictObject({ type: v.literal(3) }),
]);

const notification = v.strictObject({
  title: text(),
  body: text(),
  clickAction,
  importance: v.optional(v.picklist(["LOW", "NORMAL"])),
  tag: v.optional(text()),
  notifyId: v.optional(v.number()),
  group: v.optional(text()),
  image: v.optional(text()),
  badge: v.optional(
    v.strictObject({
      addNum: v.optional(v.pipe(v.number(), v.minValue(1), v.maxValue(99))),
      setNum: v.optional(v.pipe(v.number(), v.minValue(0), v.maxValue(99))),
      badgeClass: text(),
    }),
  ),
});

/** A message as the API takes it, as far as ours have it. */
const Message = v.strictObject({
  data: v.optional(text()),
  android: v.strictObject({
    ttl: v.pipe(
      v.string(),
      v.regex(/^\d+s$/),
      v.check((ttl) => Number.parseInt(ttl, 10) <= 1_296_000),
    ),
    biTag: v.optional(text()),
    targetUserType: v.optional(v.picklist([0, 1])),
    notification: v.optional(notification),
  }),
  token: v.pipe(v.array(text()), v.minLength(1)),
});

/** What Honor says of a call's devices. */
interface Said {
  sendResult?: boolean;
  failTokens?: string[];
  expireTokens?: string[];
}

/** An answer as Honor says it. */
export const honorAnswer = (
  code: number,
  message: string,
  data: Said | null = null,
  status = 200,
): Answer => ({
  status,
  body: { code, message, data: data && { requestId: "1642574163000", ...data } },
});

/** Honor's two servers in one: access tokens, and messages to phones. */
export class HonorServer extends OauthVendorServer {
  /** Registration ids for which a push fails, while their phones have the app. */
  readonly failing = new Set<string>();

  constructor() {
    super(CLIENT);
  }

  /** The setting `push.honor` of the app that it knows, once it is open. */
  get settings() {
    const { url, authUrl } = this;
    return { _default: { appId: APP_ID, clientId: CLIENT.id, clientSecret: CLIENT.secret, url, authUrl } };
  }

  override clear(): void {
    super.clear();
    this.failing.clear();
  }

  protected override send(request: IncomingMessage, body: string): Answer {
    if (request.url !== `/api/v1/${APP_ID}/sendMessage`) return { status: 404, body: "<html>404</html>" };
    if (!this.isAuthorized(request)) return { status: 401, body: { code: 401, message: "unauthorized" } };
    if (!/^\d{13}$/.test(String(request.headers.timestamp))) return honorAnswer(400, "timestamp", null, 400);
    const parsed = v.safeParse(Message, JSON.parse(body));
    if (!parsed.success) return honorAnswer(80100003, `Illegal payload: ${v.getDotPath(parsed.issues[0])}`);
    const { token: tokens, ...message } = parsed.output;
    const expireTokens = tokens.filter((token) => this.gone.has(token));
    const failTokens = tokens.filter((token) => this.failing.has(token));
    const reached = tokens.filter((token) => !this.gone.has(token) && !this.failing.has(token));
    for (const registrationId of reached) {
      const pushId = message.android.notification?.tag ?? "";
      this.arrived.push({ registrationId, pushId, message: JSON.parse(JSON.stringify(message)) });
    }
    const sendResult = reached.length === tokens.length;
    return honorAnswer(200, sendResult ? "success" : "partial", { sendResult, failTokens, expireTokens });
  }
}
