import type { IncomingMessage } from "node:http";
import * as v from "valibot";
import type { Answer } from "../provider-server.ts";
import { OauthVendorServer } from "./oauth-vendor-server.ts";

const APP_ID = "101234567";
const SECRET = "5ecre7".repeat(8);

const text = () => v.pipe(v.string(), v.minLength(1));

const clickAction = v.variant("type", [
  v.strictObject({
    type: v.literal(1),
    intent: v.pipe(v.string(), v.regex(/^intent:\/\/\S+#Intent;\S+;end$/)),
  }),
  v.strictObject({ type: v.literal(1), action: text() }),
  v.strictObject({ type: v.literal(2), url: v.pipe(v.string(), v.startsWith("https://")) }),
  v.strictObject({ type: v.literal(3) }),
]);

const notification = v.strictObject({
  title: text(),
  body: text(),
  click_action: clickAction,
  channel_id: v.optional(text()),
  tag: v.optional(text()),
  notify_id: v.optional(v.number()),
  importance: v.optional(v.picklist(["LOW", "NORMAL", "HIGH"])),
  foreground_show: v.optional(v.boolean()),
  image: v.optional(text()),
  style: v.optional(v.number()),
  big_title: v.optional(text()),
  big_body: v.optional(text()),
  badge: v.optional(
    v.strictObject({
      add_num: v.optional(v.pipe(v.number(), v.minValue(1), v.maxValue(99))),
      set_num: v.optional(v.pipe(v.number(), v.minValue(0), v.maxValue(99))),
      class: text(),
    }),
  ),
});

/** A message as the API takes it, as far as ours have it: anything else is a wrong parameter. */
const Message = v.strictObject({
  data: v.optional(text()),
  android: v.strictObject({
    category: v.optional(v.picklist(["IM", "VOIP", "WORK", "ACCOUNT", "MARKETING", "PLAY_VOICE"])),
    urgency: v.optional(v.picklist(["HIGH", "NORMAL"])),
    ttl: v.pipe(
      v.string(),
      v.regex(/^\d+s$/),
      v.check((ttl) => Number.parseInt(ttl, 10) <= 1_296_000),
    ),
    collapse_key: v.optional(v.number()),
    target_user_type: v.optional(v.picklist([0, 1])),
    bi_tag: v.optional(text()),
    receipt_id: v.optional(text()),
    notification: v.optional(notification),
  }),
  token: v.pipe(v.array(text()), v.minLength(1)),
});

/** An answer as Huawei says it. */
export const huaweiAnswer = (code: string, msg: string, status = 200): Answer => ({
  status,
  body: { code, msg, requestId: "157440955549500001002006" },
});

/** Huawei's two servers in one: access tokens, and messages to phones. */
export class HuaweiServer extends OauthVendorServer {
  constructor() {
    super({ id: APP_ID, secret: SECRET });
  }

  /** The setting `push.hms` of the app that it knows, once it is open. */
  get settings() {
    return { _default: { appId: APP_ID, appSecret: SECRET, url: this.url, authUrl: this.authUrl } };
  }

  protected override send(request: IncomingMessage, body: string): Answer {
    if (request.url !== `/v1/${APP_ID}/messages:send`) return { status: 404, body: "<html>404</html>" };
    if (!this.isAuthorized(request)) return huaweiAnswer("80200003", "OAuth token expired");
    const parsed = v.safeParse(v.strictObject({ message: Message }), JSON.parse(body));
    if (!parsed.success)
      return huaweiAnswer("80100003", `Illegal payload: ${v.getDotPath(parsed.issues[0])}`);
    const { token: tokens, ...message } = parsed.output.message;
    if ((message.data === undefined) === (message.android.notification === undefined))
      return huaweiAnswer("80100003", "data or notification");
    if (tokens.length > 1_000) return huaweiAnswer("80300010", "The number of tokens");
    if (Buffer.byteLength(JSON.stringify({ message })) > 4_096)
      return huaweiAnswer("80300008", "The message body size exceeds the default value");
    const illegal = tokens.filter((token) => this.gone.has(token));
    for (const registrationId of tokens.filter((token) => !this.gone.has(token))) {
      const pushId = message.android.notification?.tag ?? "";
      this.arrived.push({ registrationId, pushId, message: JSON.parse(JSON.stringify(message)) });
    }
    if (illegal.length === tokens.length) return huaweiAnswer("80300007", "All tokens are invalid");
    if (illegal.length === 0) return huaweiAnswer("80000000", "Success");
    const said = {
      success: tokens.length - illegal.length,
      failure: illegal.length,
      illegal_tokens: illegal,
    };
    return huaweiAnswer("80100000", JSON.stringify(said));
  }
}
