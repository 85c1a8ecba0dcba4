import { createHash } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { LocalServer } from "../../../support/local-server.ts";
import { type Answer, type Call, noSuchRoute, ok, refused } from "./answer.ts";
import type { AppData } from "./app-data.ts";
import { archiveOf } from "./archive.ts";
import { type Fault, Faults } from "./faults.ts";
import { history } from "./history.ts";
import * as lists from "./lists.ts";
import { Rows } from "./rows.ts";

/** Ways to read that an app may be refused. */
export type Served = "scan" | "query" | "exportData" | "1.2" | "lists" | "files" | "msgid";

const nothing: AppData = {
  classes: {},
  messages: [],
  subscribers: {},
  broadcasts: {},
  blacklists: {},
  silences: {},
  unread: {},
  files: {},
};

const KEYS = { appId: "hosted-app-id-gzGzoHsz", masterKey: "hosted-master-key-0123456789" };

const timedOut = refused(400, 124, "The request timed out on the server.");

/** Longer than a test's client waits, in milliseconds. */
const SLOW = 2_500;

/**
 * LeanCloud's REST API as far as an export reads it, as recorded: there is no LeanCloud here. With faults by seed, and
 * a number of calls a day.
 */
export class HostedApp extends LocalServer {
  readonly appId: string;
  readonly masterKey: string;
  readonly faults: Faults;
  readonly refuses = new Set<Served>();
  /** Calls that are allowed until `beginDay`; beyond them code 140. */
  callsADay = Number.POSITIVE_INFINITY;
  /** More rows than these take it too long. */
  rowsInTime = Number.POSITIVE_INFINITY;
  /** Paths of all calls, those that failed too. */
  calls: string[] = [];
  rows = new Rows(nothing);
  #data = nothing;
  #today = 0;
  #exports: Record<string, Buffer>[] = [];
  readonly #before = new Map<string, Answer>();

  constructor(seed = 1, { appId, masterKey } = KEYS) {
    super();
    this.appId = appId;
    this.masterKey = masterKey;
    this.faults = new Faults(seed);
  }

  set data(data: AppData) {
    this.#data = data;
    this.rows = new Rows(data);
  }

  get data(): AppData {
    return this.#data;
  }

  /** The environment of a command that reads this app. */
  get environment(): Record<string, string> {
    return { APP_ID: this.appId, MASTER_KEY: this.masterKey };
  }

  /** No page of earlier comes again: another process begins to read. */
  forgetPages(): void {
    this.#before.clear();
  }

  beginDay(): void {
    this.#today = 0;
  }

  protected override async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", this.url);
    this.calls.push(url.pathname);
    const fault = this.faults.next();
    if (fault === "dropped") return void request.socket.destroy();
    if (fault === "slow") await sleep(SLOW);
    const file = this.#fileAt(url.pathname);
    if (file !== undefined) return send(response, fault, 200, file);
    if (url.pathname.startsWith("/files/")) return send(response, fault, 404, Buffer.from("gone"));
    const answer =
      faultyAnswer(fault) ?? (await this.#answer(request, url, fault).catch((error) => console.error(error)));
    // Their process was killed in the middle of the request.
    if (answer === undefined) return void response.destroy();
    const { status, body } = answer;
    // Numbers as another language writes them.
    const text =
      typeof body === "string" ? body : JSON.stringify(body).replaceAll('"score":1,', '"score":1.0,');
    send(response, fault, status, Buffer.from(text));
  }

  #fileAt(path: string): Buffer | undefined {
    if (path.startsWith("/download/")) return this.#exports[Number(path.split("/")[2])]?.archive;
    if (this.refuses.has("files") || !path.startsWith("/files/")) return undefined;
    return this.#data.files[path.slice("/files".length)];
  }

  async #answer(request: IncomingMessage, url: URL, fault: Fault | undefined): Promise<Answer> {
    if (!this.#isMaster(request)) return refused(401, 401, "Unauthorized.");
    this.#today += 1;
    if (this.#today > this.callsADay)
      return refused(403, 140, "超过应用额度，请升级到商用版或联系我们处理。");
    if (Number(url.searchParams.get("limit")) > this.rowsInTime) return timedOut;
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const { method = "GET" } = request;
    const body = JSON.parse(Buffer.concat(chunks).toString() || "{}");
    const isHalved = fault === "half a page";
    const list = listOf(url);
    const before = fault === "the page before" ? this.#before.get(list) : undefined;
    if (before !== undefined && isLaterPage(url)) return before;
    const answer = await this.#route({ method, path: url.pathname, query: url.searchParams, body, isHalved });
    if (answer.status === 200) this.#before.set(list, answer);
    return answer;
  }

  #isMaster({ headers }: IncomingMessage): boolean {
    if (headers["x-lc-id"] !== this.appId) return false;
    const [digest, time] = String(headers["x-lc-sign"]).split(",");
    const signed = createHash("md5").update(`${time}${this.masterKey}`).digest("hex");
    return headers["x-lc-key"] === `${this.masterKey},master` || digest === signed;
  }

  async #route(call: Call): Promise<Answer> {
    const [version = "", area = "", ...rest] = call.path.split("/").slice(1).map(decodeURIComponent);
    if (area === "exportData") return this.#export(call, rest[0]);
    if (version === "1.1" && area === "schemas") return this.rows.schemas();
    if (area === "scan" && rest[0] === "classes") {
      return this.refuses.has("scan") ? noSuchRoute : this.rows.scan(rest[1] ?? "", call);
    }
    if (area === "classes") {
      const className = rest[0] === "files" ? "_File" : (rest[0] ?? "");
      if (rest[1] !== undefined) return this.rows.get(className, rest[1]);
      const isCount = call.query.get("limit") === "0";
      return this.refuses.has("query") && !isCount ? noSuchRoute : this.rows.query(className, call);
    }
    if (area !== "rtm") return noSuchRoute;
    const path = `${version} ${rest[0]}`;
    if (path === "1.1 messages" && rest[1] === "history") {
      return history(this.#data, call, call.query.get("convid") ?? undefined);
    }
    if (version !== "1.2" || this.refuses.has("1.2")) return noSuchRoute;
    if (rest[0] === "messages") return history(this.#data, call, undefined, this.refuses.has("msgid"));
    if (rest[0] === "clients" && rest[2] === "unread-count")
      return lists.unread(this.#data, call, rest[1] ?? "");
    return this.refuses.has("lists") && rest[2] !== "messages"
      ? noSuchRoute
      : this.#ofConversation(call, rest);
  }

  #ofConversation(call: Call, [kind, id = "", what, ...rest]: string[]): Answer | Promise<Answer> {
    if (kind === "broadcasts") return lists.broadcasts(this.#data, call);
    const row = this.#data.classes._Conversation?.find(({ objectId }) => objectId === id);
    if (row === undefined) return refused(404, 101, "Conversation not found.");
    const isService = row.sys === true;
    if (what === "subscribers" && isService) return lists.subscribers(this.#data, call, id);
    if (what === "blacklists") return lists.clients(this.#data.blacklists, call, id);
    if (what === "permanent-silenceds" && !isService) return lists.clients(this.#data.silences, call, id);
    if (what !== "messages" || isService) return noSuchRoute;
    if (call.method === "PUT") return this.patch(call, rest);
    return call.method === "POST" ? this.post(call, id) : history(this.#data, call, id);
  }

  /** A message that is edited or recalled over REST. */
  protected patch(_call: Call, _path: string[]): Answer {
    return noSuchRoute;
  }

  /** A message that is sent over REST. */
  protected post(_call: Call, _conversation: string): Answer | Promise<Answer> {
    return noSuchRoute;
  }

  /** Done when it is asked for the second time. */
  async #export(call: Call, id: string | undefined): Promise<Answer> {
    if (this.refuses.has("exportData")) return noSuchRoute;
    if (call.method === "POST") {
      const names = String(call.body.classes ?? "").split(",");
      const classes = Object.fromEntries(names.map((name) => [name, this.#data.classes[name] ?? []]));
      this.#exports.push({ archive: await archiveOf(classes) });
      return ok({ status: "running", id: `task-${this.#exports.length - 1}`, app_id: this.appId });
    }
    const at = Number(id?.split("-")[1]);
    const asked = this.calls.filter((path) => path === call.path).length;
    const done = { status: "done", download_url: `${this.url}/download/${at}/export.tar.gz` };
    return ok({ ...(asked > 1 ? done : { status: "running" }), id, app_id: this.appId });
  }
}

/** What a page is a page of. */
function listOf({ pathname, searchParams }: URL): string {
  return [pathname, ...["conv_id", "convid", "count"].map((name) => searchParams.get(name))].join(" ");
}

/** Whether a page is not the first one of its list. */
function isLaterPage({ pathname, searchParams }: URL): boolean {
  const places = ["timestamp", "max_ts", "cursor", "client_id", "next"];
  const isAfterId = searchParams.get("where")?.includes("$gt") ?? false;
  return !pathname.endsWith("unread-count") && (isAfterId || places.some((name) => searchParams.has(name)));
}

function faultyAnswer(fault: Fault | undefined): Answer | undefined {
  if (fault === "too many requests") return refused(429, 429, "Too many requests.");
  if (fault === "server error") return refused(500, 1, "Internal server error. No information available.");
  if (fault === "bad gateway") return { status: 502, body: "<html>502 Bad Gateway</html>" };
  if (fault === "timeout on the server") return timedOut;
  return undefined;
}

/** Sends all of it, or, if the connection is cut, the first half. */
function send(response: ServerResponse, fault: Fault | undefined, status: number, content: Buffer): void {
  response.writeHead(status, { "Content-Type": "application/json", "Content-Length": content.length });
  if (fault !== "cut") return void response.end(content);
  response.write(content.subarray(0, Math.floor(content.length / 2)), () => response.destroy());
}
