import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import * as v from "valibot";
import type { Answer } from "../provider-server.ts";
import { VendorServer } from "./vendor-server.ts";

const TEN_MINUTES = 600_000; // ms
const DAY = 86_400_000; // ms

const shorterThan = (most: number) =>
  v.pipe(
    v.string(),
    v.check((text) => [...text].length <= most),
  );

/** A notification as OPPO's documents have it, as far as ours say it: anything else is an invalid argument. */
const Notification = v.strictObject({
  app_message_id: v.optional(v.string()),
  style: v.optional(v.picklist([1, 2])),
  title: v.optional(v.pipe(shorterThan(50), v.minLength(1))),
  sub_title: v.optional(shorterThan(10)),
  content: v.optional(v.pipe(v.string(), v.minLength(1))),
  click_action_type: v.optional(v.picklist([0, 1, 2, 4, 5])),
  click_action_activity: v.optional(shorterThan(500)),
  click_action_url: v.optional(shorterThan(2_000)),
  action_parameters: v.optional(
    v.pipe(
      shorterThan(4_000),
      v.check((text) => text.startsWith("{") && JSON.parse(text) !== null),
    ),
  ),
  off_line: v.optional(v.boolean()),
  off_line_ttl: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1))),
  channel_id: v.optional(v.string()),
  category: v.optional(v.pipe(v.string(), v.regex(/^[A-Z_]+$/))),
  notify_level: v.optional(v.picklist([1, 2, 16])),
  private_msg_template_id: v.optional(v.string()),
  private_title_parameters: v.optional(v.pipe(v.record(v.string(), v.string()), v.minEntries(1))),
  private_content_parameters: v.optional(v.pipe(v.record(v.string(), v.string()), v.minEntries(1))),
});

const Message = v.strictObject({
  target_type: v.literal(2),
  target_value: v.string(),
  verify_registration_id: v.boolean(),
  notification: Notification,
});

type OppoMessage = v.InferOutput<typeof Message>;

/** What OPPO says of a code. */
const WORDS: Record<number, string> = {
  [-2]: "Service in Flow Control",
  [-1]: "Service Currently Unavailable",
  11: "Invalid AuthToken",
  12: "Http Action Not Allowed",
  13: "App Call Limited",
  14: "Invalid App Key",
  16: "Invalid Signature",
  19: "Invalid Timestamp",
  33: "The number of messages exceeds the daily limit",
  40: "Missing Required Arguments",
  41: "Invalid Arguments",
  54: "private_msg_template_id is null",
  55: "App Call Frequency Limit",
  67: "Category error/Private classify channel notify_level invalid",
  10000: "Invalid Registration_id",
};

/** OPPO's answer with a code. */
export const oppoCode = (code: number, message = WORDS[code] ?? `code ${code}`): Answer => ({
  status: 200,
  body: { code, message },
});

/** One of OPPO's two servers, in China or abroad. */
export class OppoServer extends VendorServer {
  readonly appKey = "oppo-app-key";
  readonly masterSecret = "oppo-master-secret";
  /** Tokens that count, with the time (ms) at which they were made. */
  readonly #tokens = new Map<string, number>();
  readonly #delivered = new Set<string>();
  #numbers = 0;
  /** How many access tokens it gave out. */
  issued = 0;
  /** The names of its calls, in order. */
  readonly names: string[] = [];
  /** What it does in place of giving out a token. */
  tokenTrouble: Answer | undefined;
  /** Codes for single devices. */
  readonly refused = new Map<string, { code: number; message: string }>();
  /** By how much its clock differs from ours (ms). */
  clockAhead = 0;

  /** The setting `push.oppo` of the app that it knows, once it is open. */
  get settings() {
    const { appKey, masterSecret, url } = this;
    return { _default: { appKey, masterSecret, url } };
  }

  override clear(): void {
    super.clear();
    this.names.length = 0;
    this.issued = 0;
    this.tokenTrouble = undefined;
    this.refused.clear();
    this.clockAhead = 0;
    this.#delivered.clear();
  }

  /** No token given out so far counts any more. */
  expireTokens(): void {
    this.#tokens.clear();
  }

  #now(): number {
    return Date.now() + this.clockAhead;
  }

  protected override answerTo(request: IncomingMessage, bytes: Buffer): Answer {
    this.names.push((request.url ?? "").split("/").at(-1) ?? "");
    if (request.method !== "POST") return oppoCode(12);
    const isForm = /^application\/x-www-form-urlencoded(; ?charset=utf-8)?$/i;
    if (!isForm.test(request.headers["content-type"] ?? "")) return oppoCode(25, "Invalid Encoding");
    const form = new URLSearchParams(bytes.toString());
    if (request.url === "/server/v1/auth") return this.#auth(form);
    const trouble = this.troubled();
    if (trouble !== undefined) return trouble;
    const madeAt = this.#tokens.get(form.get("auth_token") ?? "");
    if (madeAt === undefined || this.#now() - madeAt >= DAY) return oppoCode(11);
    if (request.url === "/server/v1/message/notification/unicast") return this.#unicast(form.get("message"));
    if (request.url === "/server/v1/message/notification/unicast_batch") {
      return this.#batch(form.get("messages"));
    }
    return { status: 404, body: "<html>404</html>" };
  }

  #auth(form: URLSearchParams): Answer {
    if (this.tokenTrouble !== undefined) return this.tokenTrouble;
    const timestamp = form.get("timestamp") ?? "";
    if (form.get("app_key") !== this.appKey) return oppoCode(14);
    if (!/^\d{13}$/.test(timestamp) || Math.abs(Number(timestamp) - this.#now()) > TEN_MINUTES) {
      return oppoCode(19);
    }
    const base = `${this.appKey}${timestamp}${this.masterSecret}`;
    if (form.get("sign") !== createHash("sha256").update(base).digest("hex")) return oppoCode(16);
    this.issued += 1;
    const token = `${this.appKey}-${this.#id()}`;
    this.#tokens.set(token, this.#now());
    const data = { auth_token: token, create_time: this.#now() };
    return { status: 200, body: { code: 0, message: "Success", data } };
  }

  #unicast(text: string | null): Answer {
    const problem = this.#problemOf(text, Message);
    if (problem !== undefined) return problem;
    const message = v.parse(Message, JSON.parse(text ?? ""));
    const result = this.#taken(message);
    if ("code" in result) return oppoCode(result.code, result.message);
    return { status: 200, body: { code: 0, message: "Success", data: result } };
  }

  #batch(text: string | null): Answer {
    const problem = this.#problemOf(text, v.pipe(v.array(Message), v.minLength(1), v.maxLength(1_000)));
    if (problem !== undefined) return problem;
    const data = v.parse(v.array(Message), JSON.parse(text ?? "")).map((message) => {
      const result = this.#taken(message);
      const registrationId = message.target_value;
      if ("messageId" in result) return { ...result, registrationId };
      const { code: errorCode, message: errorMessage } = result;
      return { messageId: this.#id(), registrationId, errorCode, errorMessage };
    });
    return { status: 200, body: { code: 0, message: "Success", data } };
  }

  #problemOf(text: string | null, schema: v.GenericSchema): Answer | undefined {
    if (text === null) return oppoCode(40);
    const parsed = v.safeParse(schema, JSON.parse(text));
    if (parsed.success) return undefined;
    return oppoCode(41, `Invalid Arguments: ${v.getDotPath(parsed.issues[0]) ?? parsed.issues[0].message}`);
  }

  #taken(message: OppoMessage): { messageId: string } | { code: number; message: string } {
    const { target_value: device, notification } = message;
    const refused = this.refused.get(device);
    if (refused !== undefined) return refused;
    if (this.gone.has(device)) return { code: 10000, message: WORDS[10000] ?? "" };
    const problem = contentProblem(notification);
    if (problem !== undefined) return { code: 41, message: `Invalid Arguments: ${problem}` };
    const { app_message_id: pushId = "" } = notification;
    const known = JSON.stringify([pushId, device]);
    if (pushId === "" || !this.#delivered.has(known)) {
      this.arrived.push({
        registrationId: device,
        pushId,
        message: JSON.parse(JSON.stringify(notification)),
      });
    }
    this.#delivered.add(known);
    return { messageId: this.#id() };
  }

  #id(): string {
    this.#numbers += 1;
    return `${this.appKey}-1-1-${this.#numbers}`;
  }
}

/** What the fields of a notification do not say together. */
function contentProblem(notification: OppoMessage["notification"]): string | undefined {
  const { title, content, style = 1, private_msg_template_id: template, category } = notification;
  if (template !== undefined) return content === undefined && title === undefined ? undefined : "template";
  if (title === undefined || content === undefined) return "title and content";
  if ([...content].length > (style === 2 ? 128 : 50)) return "content";
  if (notification.notify_level !== undefined && category === undefined) return "notify_level";
  const {
    click_action_type: type = 0,
    click_action_activity: activity,
    click_action_url: url,
  } = notification;
  if ((type === 1 || type === 4) && activity === undefined) return "click_action_activity";
  return (type === 2 || type === 5) && url === undefined ? "click_action_url" : undefined;
}
