import type { IncomingMessage } from "node:http";
import * as v from "valibot";
import type { Answer } from "../provider-server.ts";
import { VendorServer } from "./vendor-server.ts";

const SECRET = "Xi4omi/5ecret+Key==";
export const PACKAGE = "com.example.cheese";
export const CHANNEL = "103";
/** An approved template: a title and a text, each with a variable. */
export const TEMPLATE = { id: "P10001", variables: ["name", "words"] };

const digits = (most: number) =>
  v.pipe(
    v.string(),
    v.regex(/^(0|[1-9]\d*)$/),
    v.check((text) => Number(text) <= most),
  );
const shown = (most: number) => v.pipe(v.string(), v.regex(/\S/), v.maxLength(most));
const json = (holds: (value: unknown) => boolean) =>
  v.pipe(
    v.string(),
    v.check((text) => {
      try {
        return holds(JSON.parse(text));
      } catch {
        return false;
      }
    }),
  );

/** What Java counts as neither a symbol of its own nor unassigned, in 1 to 128 characters that are not all blank. */
const Filling = v.pipe(
  v.string(),
  v.regex(/\S/),
  v.maxLength(128),
  v.check((text) => !/[\p{So}\p{Cn}\p{Cs}\p{Emoji_Presentation}]/u.test(text)),
);

const intentUri = v.pipe(v.string(), v.regex(/^intent:#Intent;(?:[^;\s]+;)+end$/));

/** A request as the API takes it, as far as ours have it: anything else is a wrong parameter. */
const Request = v.strictObject({
  registration_id: v.pipe(v.string(), v.minLength(1)),
  restricted_package_name: v.string(),
  // It is encoded once: JSON of the content, not text of percent signs.
  payload: json((value) => typeof value === "object"),
  title: v.optional(shown(49)),
  description: v.optional(shown(127)),
  pass_through: v.picklist(["0", "1"]),
  notify_type: v.optional(v.picklist(["-1", "1", "2", "4"])),
  notify_id: v.optional(digits(2 ** 31 - 1)),
  time_to_live: digits(864_000_000),
  "extra.channel_id": v.optional(v.string()),
  "extra.jobkey": v.pipe(v.string(), v.regex(/^[0-9A-Za-z-][\w-]{0,11}$/)),
  "extra.notify_effect": v.optional(v.picklist(["1", "2", "3"])),
  "extra.intent_uri": v.optional(intentUri),
  "extra.web_uri": v.optional(v.string()),
  "extra.sound_uri": v.optional(v.string()),
  "extra.notify_foreground": v.optional(v.picklist(["0", "1"])),
  "extra.template_id": v.optional(v.string()),
  "extra.template_param": v.optional(json((value) => v.is(v.record(v.string(), Filling), value))),
});

type Fields = v.InferOutput<typeof Request>;

/** An error as Xiaomi says it: always with the status 200. */
export const xiaomiError = (code: number, reason: string): Answer => ({
  status: 200,
  body: { result: "error", code, description: "发送消息失败", reason, info: "", trace_id: "Xcm10b79" },
});

/** Success; of these ids there are none, and some channels may have dropped messages. */
export const xiaomiSuccess = (bad: readonly string[] = [], exceeded?: string): Answer => ({
  status: 200,
  body: {
    result: "ok",
    trace_id: "Xcm10b79",
    code: 0,
    description: "成功",
    info: "Received push messages for 1 REGID",
    data: {
      id: "scm10b79",
      ...(bad.length > 0 && { bad_regids: bad.join(",") }),
      ...(exceeded !== undefined && { channel_exceed_quota: exceeded }),
    },
  },
});

/** Xiaomi's server in China. */
export class XiaomiServer extends VendorServer {
  /** The setting `push.mi` of the app that it knows, once it is open. */
  get settings() {
    return { _default: { appSecret: SECRET, package: PACKAGE, channelId: CHANNEL, url: this.url } };
  }

  protected override answerTo(request: IncomingMessage, bytes: Buffer): Answer {
    const { headers, method, url } = request;
    const trouble = this.troubled();
    if (trouble !== undefined) return trouble;
    if (method !== "POST" || url !== "/v3/message/regid") return { status: 404, body: "<html>404</html>" };
    if (headers.authorization !== `key=${SECRET}`)
      return xiaomiError(21_301, "Invalid application credential.");
    const isForm = headers["content-type"]?.startsWith("application/x-www-form-urlencoded") === true;
    const form = [...new URLSearchParams(bytes.toString())];
    const isOnce = new Set(form.map(([name]) => name)).size === form.length;
    const parsed = v.safeParse(Request, Object.fromEntries(form));
    if (!isForm || !isOnce || !parsed.success) {
      const field = parsed.success ? "form" : v.getDotPath(parsed.issues[0]);
      return xiaomiError(10_017, `Parameter error: ${field}`);
    }
    return this.#refusal(parsed.output) ?? this.#deliver(parsed.output);
  }

  #refusal(fields: Fields): Answer | undefined {
    if (fields.restricted_package_name !== PACKAGE) return xiaomiError(22_022, "Illegal package name");
    const isShown = fields.pass_through === "0";
    if (isShown && (fields.title === undefined || fields.description === undefined)) {
      return xiaomiError(10_008, "Missing required parameter: title");
    }
    if (isShown && fields["extra.channel_id"] !== CHANNEL)
      return xiaomiError(27_001, "invalid channel info!");
    if (fields["extra.notify_effect"] === "2" && fields["extra.intent_uri"] === undefined) {
      return xiaomiError(10_017, "Parameter error: extra.intent_uri");
    }
    const extras = Object.entries(fields).filter(([name]) => name.startsWith("extra."));
    const length = extras.flat().join("").length - "extra.".length * extras.length;
    if (extras.length > 10 || length > 1_024) return xiaomiError(10_016, "extra is too long");
    const { "extra.template_id": template, "extra.template_param": values } = fields;
    if (template === undefined) return undefined;
    const names = Object.keys(JSON.parse(values ?? "{}"));
    const fits = template === TEMPLATE.id && names.toSorted().join() === TEMPLATE.variables.join();
    return fits ? undefined : xiaomiError(10_017, "template param not match");
  }

  #deliver({ registration_id: list, ...message }: Fields): Answer {
    const ids = list.split(",");
    if (ids.length > 1_000) return xiaomiError(10_016, "too many registration ids");
    const bad = ids.filter((id) => this.gone.has(id));
    if (bad.length === ids.length) return xiaomiError(20_301, "No valid targets!");
    for (const registrationId of ids.filter((id) => !this.gone.has(id))) {
      this.arrived.push({ registrationId, pushId: message["extra.jobkey"], message: { ...message } });
    }
    return xiaomiSuccess(bad);
  }
}
