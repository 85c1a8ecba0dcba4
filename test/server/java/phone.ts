import { type ChildProcessByStdio, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { promisify } from "node:util";
import * as v from "valibot";
import { oncePerRun } from "../support/once-per-run.ts";

const HERE = import.meta.dirname;
/** The first build fetches the SDK and Maven's own parts (ms). */
const BUILD_DEADLINE = 300_000;
/** Far beyond what a loaded machine needs (ms). */
const DEADLINE = 30_000;

/** A message or a conversation as the app on a phone sees it, with the fields of either. */
const Seen = v.object({
  conversation: v.optional(v.string(), ""),
  message: v.optional(v.string(), ""),
  from: v.optional(v.string()),
  text: v.optional(v.string()),
  content: v.optional(v.string()),
  /** Base64. */
  bytes: v.optional(v.string()),
  file: v.optional(
    v.object({
      kind: v.string(),
      id: v.string(),
      url: v.string(),
      meta: v.record(v.string(), v.unknown()),
    }),
  ),
  attributes: v.optional(v.record(v.string(), v.unknown())),
  recalled: v.optional(v.boolean(), false),
  sentAt: v.optional(v.number(), 0),
  updatedAt: v.optional(v.number(), 0),
  mentioned: v.optional(v.boolean(), false),
  mentions: v.optional(v.array(v.string())),
  name: v.optional(v.string()),
  creator: v.optional(v.string()),
  members: v.optional(v.array(v.string())),
  muted: v.optional(v.array(v.string())),
  unread: v.optional(v.number(), 0),
  deliveredAt: v.optional(v.number(), 0),
  readAt: v.optional(v.number(), 0),
  last: v.optional(v.looseObject({ message: v.optional(v.string()), text: v.optional(v.string()) })),
  who: v.optional(v.array(v.string())),
  by: v.optional(v.string()),
  code: v.optional(v.number()),
});
export type Seen = v.InferOutput<typeof Seen>;
const SeenList = v.array(Seen);

const Heard = v.intersect([v.object({ event: v.string(), client: v.string() }), Seen]);
export type Heard = v.InferOutput<typeof Heard>;

const Refused = v.object({
  code: v.optional(v.number()),
  appCode: v.optional(v.number()),
  message: v.string(),
});
const Line = v.union([
  Heard,
  v.object({ id: v.number(), error: Refused }),
  v.object({ id: v.number(), result: v.optional(v.unknown()) }),
]);

/** The error that the SDK's callback got instead of a result. */
export class PhoneError extends Error {
  readonly code: number | undefined;
  readonly appCode: number | undefined;

  constructor(command: string, { message, code, appCode }: v.InferOutput<typeof Refused>) {
    super(`${command}: ${message}`);
    this.code = code;
    this.appCode = appCode;
  }
}

/** Compiles the phone, once a run. Maven keeps what it fetched. */
export function buildPhone(): Promise<void> {
  return oncePerRun("java", compile);
}

async function compile(): Promise<void> {
  try {
    await promisify(execFile)("mvn", ["-q", "-B", "-f", join(HERE, "pom.xml"), "compile"], {
      timeout: BUILD_DEADLINE,
    });
  } catch (error) {
    const { stdout = "" } = Object(error);
    throw new Error(`${error}\n${stdout}`);
  }
}

export interface PhoneOptions {
  url: string;
  appId: string;
  appKey: string;
}

/** A process with the official Java SDK: one phone, one socket, any number of clients. */
export class Phone {
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #folder: string;
  readonly #asked = new Map<number, (line: v.InferOutput<typeof Line> | Error) => void>();
  readonly #heard: Heard[] = [];
  readonly #listeners = new Set<(heard: Heard) => void>();
  #errors = "";
  #count = 0;

  private constructor(child: ChildProcessByStdio<Writable, Readable, Readable>, folder: string) {
    this.#child = child;
    this.#folder = folder;
    createInterface(child.stdout).on("line", (text) => this.#take(text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.#errors = `${this.#errors}${text}`.slice(-20_000);
    });
    child.once("exit", (code) => {
      for (const settle of this.#asked.values()) {
        settle(new Error(`the phone left with ${code}:\n${this.#errors}`));
      }
    });
  }

  /** Starts it and connects. */
  static async start({ url, appId, appKey }: PhoneOptions): Promise<Phone> {
    // The SDK keeps its files in the working directory.
    const folder = await mkdtemp(join(tmpdir(), "parley-phone-"));
    const path = [join(HERE, "target/classes"), join(HERE, "target/lib/*")].join(":");
    const quick = ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx256m"];
    const child = spawn("java", [...quick, "-cp", path, "parley.Phone", url, appId, appKey], {
      stdio: ["pipe", "pipe", "pipe"],
      cwd: folder,
    });
    const phone = new Phone(child, folder);
    await phone.ask("connect");
    return phone;
  }

  /** Has the SDK do something; resolves to what its callback was given. Rejects with a `PhoneError`. */
  async ask(name: string, details: object = {}): Promise<unknown> {
    this.#count += 1;
    const id = this.#count;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const timer = setTimeout(
      () => reject(new Error(`the SDK does not answer to "${name}":\n${this.#errors}`)),
      DEADLINE,
    );
    this.#asked.set(id, (line) => {
      if (line instanceof Error) reject(line);
      else if ("error" in line) reject(new PhoneError(name, line.error));
      else resolve("result" in line ? line.result : undefined);
    });
    this.#child.stdin.write(`${JSON.stringify({ id, do: name, ...details })}\n`);
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      this.#asked.delete(id);
    }
  }

  /** Logs a client in on this phone. */
  async logIn(id: string, { tag, reconnect = false }: { tag?: string; reconnect?: boolean } = {}) {
    await this.ask("open", { client: id, tag, reconnect });
    return new JavaClient(this, id);
  }

  /** The first event of a client that matches, among earlier ones too. */
  next(client: string, event: string, matching: (heard: Heard) => boolean = () => true): Promise<Heard> {
    const fits = (heard: Heard) => heard.client === client && heard.event === event && matching(heard);
    const already = this.#heard.find(fits);
    if (already !== undefined) return Promise.resolve(already);
    const { promise, resolve, reject } = Promise.withResolvers<Heard>();
    const listener = (heard: Heard) => {
      if (fits(heard)) resolve(heard);
    };
    const timer = setTimeout(
      () => reject(new Error(`no "${event}" for ${client} among ${JSON.stringify(this.#heard)}`)),
      DEADLINE,
    );
    this.#listeners.add(listener);
    promise.catch(() => {});
    return promise.finally(() => {
      clearTimeout(timer);
      this.#listeners.delete(listener);
    });
  }

  /** Every event of a client so far, oldest first. */
  heard(client: string, event: string): Heard[] {
    return this.#heard.filter((heard) => heard.client === client && heard.event === event);
  }

  /** Ends the app as a system does, without a word to the server. */
  async kill(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const gone = once(this.#child, "exit");
      this.#child.kill("SIGKILL");
      await gone;
    }
    await rm(this.#folder, { recursive: true, force: true });
  }

  #take(text: string) {
    const line = v.parse(Line, JSON.parse(text));
    if ("event" in line) {
      this.#heard.push(line);
      for (const listener of this.#listeners) listener(line);
    } else this.#asked.get(line.id)?.(line);
  }
}

/** Somebody logged in on a phone. */
export class JavaClient {
  readonly phone: Phone;
  readonly id: string;

  constructor(phone: Phone, id: string) {
    this.phone = phone;
    this.id = id;
  }

  /** A command that answers with a conversation or a message. */
  async ask(name: string, details: object = {}): Promise<Seen> {
    return v.parse(Seen, await this.#ask(name, details));
  }

  /** A command that answers with several. */
  async list(name: string, details: object = {}): Promise<Seen[]> {
    return v.parse(SeenList, await this.#ask(name, details));
  }

  /** A command that answers with anything else. */
  plain(name: string, details: object = {}): Promise<unknown> {
    return this.#ask(name, details);
  }

  say(conversation: string, text: string, details: object = {}): Promise<Seen> {
    return this.ask("send", { conversation, text, ...details });
  }

  next(event: string, matching?: (heard: Heard) => boolean): Promise<Heard> {
    return this.phone.next(this.id, event, matching);
  }

  heard(event: string): Heard[] {
    return this.phone.heard(this.id, event);
  }

  #ask(name: string, details: object): Promise<unknown> {
    return this.phone.ask(name, { client: this.id, ...details });
  }
}
