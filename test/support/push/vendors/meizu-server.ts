import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import * as v from "valibot";
import type { Answer } from "../provider-server.ts";
import { VendorServer } from "./vendor-server.ts";

const APP_ID = "110370";
const SECRET = "5ecretOfMe1zu";

const flag = v.optional(v.picklist([0, 1]));
const shown = (most: number) => v.pipe(v.string(), v.regex(/\S/), v.maxLength(most));

/** A message as the API takes it, as far as ours have it: anything else is a wrong parameter. */
const Message = v.strictObject({
  noticeBarInfo: v.strictObject({
    noticeMsgType: v.picklist([0, 1]),
    noticeBarType: v.optional(v.picklist([0, 2])),
    title: shown(32),
    content: shown(100),
  }),
  noticeExpandInfo: v.optional(
    v.strictObject({ noticeExpandType: v.picklist([0, 1]), noticeExpandContent: v.optional(v.string()) }),
  ),
  clickTypeInfo: v.strictObject({
    clickType: v.picklist([0, 1, 2]),
    activity: v.optional(v.string()),
    url: v.optional(v.string()),
    parameters: v.optional(v.record(v.string(), v.string())),
  }),
  pushTimeInfo: v.strictObject({
    offLine: v.picklist([0, 1]),
    validTime: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(72)),
  }),
  advanceInfo: v.strictObject({
    suspend: flag,
    clearNoticeBar: flag,
    notifyKey: v.pipe(v.string(), v.regex(/^[\w-]{1,8}$/)),
  }),
});

const Form = v.strictObject({
  appId: v.string(),
  pushIds: v.pipe(v.string(), v.minLength(1)),
  messageJson: v.string(),
  sign: v.string(),
});

/** An answer as Meizu says it: always with the status 200. */
export const meizuAnswer = (code: string, message: string, value: object | string = ""): Answer => ({
  status: 200,
  body: { code, message, value, redirect: "", msgId: "c2ee5c3bf00448cfbceb7fdf68c3c8eb" },
});

/** The answer to a call that was taken, with what became of some ids. */
export const meizuVerdicts = (value: Record<string, readonly string[]>): Answer =>
  meizuAnswer("200", "", value);

export class MeizuServer extends VendorServer {
  /** The setting `push.meizu` of the app that it knows, once it is open. */
  get settings() {
    return { _default: { appId: APP_ID, appSecret: SECRET, url: this.url } };
  }

  protected override answerTo(request: IncomingMessage, bytes: Buffer): Answer {
    const { headers, method, url } = request;
    const trouble = this.troubled();
    if (trouble !== undefined) return trouble;
    const isKnown = url === "/garcia/api/server/push/varnished/pushByPushId";
    if (method !== "POST" || !isKnown) return { status: 404, body: "<html>404</html>" };
    const isForm = headers["content-type"]?.startsWith("application/x-www-form-urlencoded") === true;
    const parsed = v.safeParse(Form, Object.fromEntries(new URLSearchParams(bytes.toString())));
    if (!isForm || !parsed.success) return meizuAnswer("1005", "参数错误");
    const { appId, pushIds, messageJson, sign } = parsed.output;
    if (appId !== APP_ID) return meizuAnswer("110000", "appId不合法");
    const signed = `appId=${appId}messageJson=${messageJson}pushIds=${pushIds}${SECRET}`;
    if (sign !== createHash("md5").update(signed, "utf8").digest("hex"))
      return meizuAnswer("1006", "签名认证失败");
    const message = v.safeParse(Message, JSON.parse(messageJson));
    const ids = pushIds.split(",");
    if (!message.success || ids.length > 100) return meizuAnswer("1005", "参数错误");
    const gone = ids.filter((id) => this.gone.has(id));
    for (const registrationId of ids.filter((id) => !this.gone.has(id))) {
      const pushId = message.output.advanceInfo.notifyKey;
      this.arrived.push({ registrationId, pushId, message: JSON.parse(messageJson) });
    }
    return meizuVerdicts(gone.length === 0 ? {} : { "110002": gone });
  }
}
