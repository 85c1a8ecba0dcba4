import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import * as v from "valibot";
import type { Answer } from "../provider-server.ts";
import { VendorServer } from "./vendor-server.ts";

const TEN_MINUTES = 600_000; // ms
const DAY = 86_400_000; // ms

/** A text within vivo's limit, where Chinese counts as two. */
const within = (most: number) =>
  v.pipe(
    v.string(),
    v.minLength(1),
    v.check((text) => [...text].reduce((sum, one) => sum + (/[\u2e80-\uffee]/.test(one) ? 2 : 1), 0) <= most),
  );

/** The fields of a message to one device and of one that is kept for a list. */
const common = {
  appId: v.literal(105_542_118),
  notifyType: v.picklist([1, 2, 3, 4]),
  title: within(40),
  content: within(100),
  timeToLive: v.optional(v.pipe(v.number(), v.integer(), v.minValue(60), v.maxValue(86_400))),
  skipType: v.picklist([1, 2, 3, 4]),
  skipContent: v.optional(v.pipe(v.string(), v.maxLength(1_024))),
  networkType: v.optional(v.picklist([-1, 1])),
  classification: v.optional(v.picklist([0, 1])),
  category: v.optional(v.string()),
  clientCustomMap: v.optional(
    v.pipe(
      v.record(v.string(), v.string()),
      v.check((map) => Object.entries(map).flat().join("").length <= 1_024),
    ),
  ),
  requestId: v.pipe(v.string(), v.minLength(1), v.maxLength(64)),
  notifyId: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(2_147_483_647))),
  foregroundShow: v.optional(v.boolean()),
};

const Single = v.strictObject({
  ...common,
  regId: v.string(),
  pushMode: v.optional(v.picklist([0, 1])),
  profileId: v.optional(v.pipe(v.string(), v.maxLength(64))),
});

const Payload = v.strictObject(common);

const List = v.strictObject({
  appId: common.appId,
  regIds: v.pipe(v.array(v.string()), v.minLength(2), v.maxLength(1_000)),
  taskId: v.string(),
  requestId: common.requestId,
  pushMode: v.optional(v.picklist([0, 1])),
});

type Message = v.InferOutput<typeof Payload> & { pushMode?: number | undefined };

/** What vivo says of a code. */
const WORDS: Record<number, string> = {
  10000: "权限认证失败",
  10054: "notifyType不合法",
  10070: "运营消息发送量总量超出限制",
  10072: "推送速度过快",
  10073: "系统消息发送总量超出限制",
  10097: "category与classification不对应",
  10104: "请发送正式消息",
  10205: "appId不存在",
  10206: "sign不正确",
  10207: "timestamp不合法",
  10302: "regId不合法",
};

/** vivo's answer with a code. */
export const vivoCode = (result: number, desc = WORDS[result] ?? `code ${result}`): Answer => ({
  status: 200,
  body: { result, desc },
});

/** vivo's server. */
export class VivoServer extends VendorServer {
  readonly appId = "105542118";
  readonly appKey = "vivo-app-key";
  readonly appSecret = "vivo-app-secret";
  /** Tokens that count, with the time (ms) at which they were made. */
  readonly #tokens = new Map<string, number>();
  readonly #tasks = new Map<string, v.InferOutput<typeof Payload>>();
  #numbers = 0;
  /** How many access tokens it gave out. */
  issued = 0;
  /** The names of its calls, in order. */
  readonly names: string[] = [];
  /** Its requests, by their ids. */
  readonly requestIds: string[] = [];
  /** What it does in place of giving out a token. */
  tokenTrouble: Answer | undefined;
  /** What it always does in place of answering a call, by the call's name. */
  readonly always = new Map<string, Answer>();
  /** Devices that it does not push to, with its status. Those that are `gone` have status 2. */
  readonly invalid = new Map<string, number>();
  /** Codes for single devices, in answer to a call for one alone. */
  readonly refused = new Map<string, number>();
  /** The texts that it takes for those of a test. */
  testText: RegExp | undefined;
  /** By how much its clock differs from ours (ms). */
  clockAhead = 0;

  /** The setting `push.vivo` of the app that it knows, once it is open. */
  get settings() {
    const { appId, appKey, appSecret, url } = this;
    return { _default: { appId, appKey, appSecret, url } };
  }

  override clear(): void {
    super.clear();
    this.names.length = 0;
    this.requestIds.length = 0;
    this.issued = 0;
    this.tokenTrouble = undefined;
    this.always.clear();
    this.invalid.clear();
    this.refused.clear();
    this.testText = undefined;
    this.clockAhead = 0;
  }

  /** No token given out so far counts any more. */
  expireTokens(): void {
    this.#tokens.clear();
  }

  #now(): number {
    return Date.now() + this.clockAhead;
  }

  protected override answerTo(request: IncomingMessage, bytes: Buffer): Answer {
    const name = (request.url ?? "").replace("/message/", "");
    this.names.push(name);
    if (request.method !== "POST" || request.headers["content-type"] !== "application/json") {
      return { status: 415, body: "<html>415</html>" };
    }
    const body: unknown = JSON.parse(bytes.toString());
    if (name === "auth") return this.tokenTrouble ?? this.#auth(body);
    const trouble = this.troubled() ?? this.always.get(name);
    if (trouble !== undefined) return trouble;
    const madeAt = this.#tokens.get(String(request.headers.authtoken ?? ""));
    if (madeAt === undefined || this.#now() - madeAt >= DAY) return vivoCode(10000);
    if (name === "send") return this.#send(body);
    if (name === "saveListPayload") return this.#save(body);
    if (name === "pushToList") return this.#pushToList(body);
    return { status: 404, body: "<html>404</html>" };
  }

  #auth(body: unknown): Answer {
    const Auth = v.strictObject({
      appId: v.number(),
      appKey: v.string(),
      timestamp: v.number(),
      sign: v.string(),
    });
    const asked = v.safeParse(Auth, body);
    if (!asked.success) return vivoCode(10200, String(asked.issues[0].message));
    const { appId, appKey, timestamp, sign } = asked.output;
    if (String(appId) !== this.appId) return vivoCode(10205);
    if (Math.abs(timestamp - this.#now()) > TEN_MINUTES) return vivoCode(10207);
    const base = `${appId}${appKey}${timestamp}${this.appSecret}`;
    if (appKey !== this.appKey || sign !== createHash("md5").update(base).digest("hex")) {
      return vivoCode(10206);
    }
    this.issued += 1;
    const authToken = `${this.appKey}-${this.#task()}`;
    this.#tokens.set(authToken, this.#now());
    return { status: 200, body: { result: 0, desc: "请求成功", authToken } };
  }

  #send(body: unknown): Answer {
    const asked = v.safeParse(Single, body);
    if (!asked.success) return refusal(asked.issues);
    const { regId } = asked.output;
    const refused = this.refused.get(regId) ?? this.#textProblem(asked.output);
    if (refused !== undefined) return vivoCode(refused);
    const status = this.#statusOf(regId);
    if (status !== undefined) {
      const said = { result: 10302, desc: "regId不合法", invalidUser: { status, userid: regId } };
      return { status: 200, body: said };
    }
    this.#arrive(regId, asked.output);
    return { status: 200, body: { result: 0, desc: "请求成功", taskId: this.#task() } };
  }

  #save(body: unknown): Answer {
    const asked = v.safeParse(Payload, body);
    if (!asked.success) return refusal(asked.issues);
    const refused = this.#textProblem(asked.output);
    if (refused !== undefined) return vivoCode(refused);
    const taskId = this.#task();
    this.#tasks.set(taskId, asked.output);
    return { status: 200, body: { result: 0, desc: "请求成功", taskId } };
  }

  #pushToList(body: unknown): Answer {
    const asked = v.safeParse(List, body);
    if (!asked.success) return refusal(asked.issues);
    const { taskId, regIds, requestId, pushMode } = asked.output;
    const message = this.#tasks.get(taskId);
    if (message === undefined) return vivoCode(10155, "消息不存在或已过期");
    const invalidUsers = regIds.flatMap((userid) => {
      const status = this.#statusOf(userid);
      if (status !== undefined) return [{ status, userid }];
      this.#arrive(userid, { ...message, pushMode });
      return [];
    });
    const listed = invalidUsers.length > 0 && { invalidUsers };
    return { status: 200, body: { requestId, result: 0, desc: "请求成功", ...listed } };
  }

  #statusOf(regId: string): number | undefined {
    return this.gone.has(regId) ? 2 : this.invalid.get(regId);
  }

  #arrive(registrationId: string, message: Message): void {
    this.requestIds.push(message.requestId);
    const pushId = String(message.notifyId ?? "");
    this.arrived.push({ registrationId, pushId, message: JSON.parse(JSON.stringify(message)) });
  }

  #textProblem({ title, content }: { title: string; content: string }): number | undefined {
    const isRefused = this.testText?.test(title) === true || this.testText?.test(content) === true;
    return isRefused ? 10104 : undefined;
  }

  #task(): string {
    this.#numbers += 1;
    return String(this.#numbers);
  }
}

function refusal([issue]: [v.BaseIssue<unknown>, ...v.BaseIssue<unknown>[]]): Answer {
  return vivoCode(10058, `${v.getDotPath(issue) ?? ""} ${issue.message}`);
}
