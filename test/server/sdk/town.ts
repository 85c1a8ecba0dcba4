import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";
import type { CommandInit } from "../../support/frames.ts";
import { type Server, startServer } from "../../support/server.ts";
import { Device as RawDevice } from "../support/device.ts";
import type { ImClient, LoginOptions, Realtime, Sdk, SdkExports, SdkUser } from "./sdk.ts";
import { openTlsFront, type TlsFront } from "./tls-front.ts";

const APP_ID = "parley-sdk-tests";
const APP_KEY = "parley-sdk-tests-key";
const MASTER_KEY = "parley-sdk-tests-master";

/** How a device reaches the server. */
export type Way =
  /** The router's URL, which finds the WebSocket: plain HTTP in 5.x, always TLS in 4.x. */
  | "router"
  | "router over TLS"
  /** The WebSocket's URL, no router. */
  | "RTMServers";

/** How a town is other than usual. */
export interface TownOptions {
  /** The app it serves; `parley-dev` is somebody trying Parley out. */
  appId?: string;
  /** For the server, beside its keys. */
  env?: Record<string, string>;
}

/** Of a call to the HTTP API. */
interface Asked {
  method: "GET" | "POST" | "PUT" | "DELETE" | "PATCH";
  /** JSON, or text as it is. */
  body?: object | string;
  /** Whose key goes with it: that of the app's server, or of every copy of the app. */
  key?: "master" | "app";
}

interface DeviceOptions {
  way?: Way;
  noBinary?: boolean;
  pushOfflineMessages?: boolean;
}

/** One running app: a copy of the SDK with its one socket. */
export interface Device {
  sdk: SdkExports;
  realtime: Realtime;
  /** Without an id, anonymously. */
  logIn(id?: string | SdkUser, options?: LoginOptions): Promise<ImClient>;
}

/** Somebody on a device of their own. */
export interface Person extends Device {
  id: string;
  client: ImClient;
}

/** A running server and the people on it, who leave when the file's tests are over. */
export class Town {
  #server: Server;
  readonly #data: string;
  readonly #appId: string;
  readonly #env: Record<string, string>;
  readonly #tls: TlsFront;
  readonly #clients: ImClient[] = [];
  readonly #rawDevices: RawDevice[] = [];

  private constructor(
    server: Server,
    tls: TlsFront,
    { data, appId, env }: { data: string; appId: string; env: Record<string, string> },
  ) {
    this.#server = server;
    this.#tls = tls;
    this.#data = data;
    this.#appId = appId;
    this.#env = env;
  }

  /** @param settings in force before anybody comes */
  static async open(settings: object = {}, { appId = APP_ID, env: more = {} }: TownOptions = {}) {
    const data = await mkdtemp(join(tmpdir(), "parley-sdk-"));
    const env = { ...keysOf(appId), ...more };
    const server = await startServer({ data, env });
    const town = new Town(server, await openTlsFront(new URL(server.url)), { data, appId, env });
    // Its limits are the default ones: whatever the SDKs ask by themselves has to be within them.
    if (Object.keys(settings).length > 0) await town.configure(settings);
    return town;
  }

  async close() {
    await Promise.allSettled(this.#clients.map((client) => client.close()));
    for (const device of this.#rawDevices) device.close();
    await this.#tls.close();
    await this.#server.stop();
    await rm(this.#data, { recursive: true, force: true });
  }

  /** With the same data and under the same address; everybody is cut off meanwhile. */
  async restart() {
    await this.#restartAfter(() => this.#server.stop());
  }

  /** The same after a crash of the server: it has no time to do anything more. */
  async crash() {
    await this.#restartAfter(() => this.#server.kill());
  }

  async #restartAfter(end: () => Promise<unknown>) {
    const { port } = this.#server;
    await end();
    const args = ["--port", `${port}`];
    this.#server = await startServer({ data: this.#data, env: this.#env, args });
  }

  /** Cuts off everybody who came over TLS, in the middle of whatever they do. Their SDKs soon come back. */
  cutTls() {
    this.#tls.cut();
  }

  get url() {
    return this.#server.url;
  }

  /** What the server has printed since it was started last. */
  get output() {
    return this.#server.output();
  }

  get app() {
    return { appId: this.#appId, appKey: APP_KEY };
  }

  /** For signing as the app's own server does. */
  get masterKey() {
    return MASTER_KEY;
  }

  /** An id nobody else has. */
  named(name: string) {
    return `${name}-${randomUUID().slice(0, 8)}`;
  }

  async device(sdk: Sdk, options: DeviceOptions = {}): Promise<Device> {
    const exports = sdk.load();
    const realtime = new exports.Realtime({
      ...this.app,
      noBinary: options.noBinary ?? false,
      pushOfflineMessages: options.pushOfflineMessages ?? false,
      ...(await this.#address(sdk, options.way ?? "router")),
    });
    return {
      sdk: exports,
      realtime,
      logIn: async (id, login) => {
        const client = await realtime.createIMClient(id, login);
        this.#clients.push(client);
        return client;
      },
    };
  }

  async logIn(sdk: Sdk, id: string, options: DeviceOptions & LoginOptions = {}): Promise<Person> {
    const device = await this.device(sdk, options);
    const { tag, signatureFactory, conversationSignatureFactory } = options;
    const login = { tag, signatureFactory, conversationSignatureFactory };
    return { ...device, id, client: await device.logIn(id, login) };
  }

  /** A device without an SDK, for what SDKs do not show of frames or do not send. */
  async raw(id: string, session: CommandInit["sessionMessage"] = {}): Promise<RawDevice> {
    const port = Number(new URL(this.url).port);
    const device = await RawDevice.connect({ port }, { appId: this.#appId });
    this.#rawDevices.push(device);
    await device.login(id, session);
    return device;
  }

  /** What the SDKs ask over HTTP after reconnecting. */
  notifications(clientId: string, token: string): Promise<Response> {
    const query = new URLSearchParams({
      client_id: clientId,
      start_ts: `${Date.now()}`,
      notification_type: "permanent",
    });
    return fetch(`${this.url}/1.1/rtm/notifications?${query}`, {
      headers: { "X-LC-Id": this.#appId, "X-LC-Key": APP_KEY, "X-LC-IM-Session-Token": token },
    });
  }

  /** As the app's own server does it (http-api §2.5). */
  async kick(clientId: string, reason: string): Promise<void> {
    await this.ask(`/1.2/rtm/clients/${encodeURIComponent(clientId)}/kick`, {
      method: "POST",
      body: { reason },
    });
  }

  /** Changes settings; what was set before stays. */
  async configure(settings: object): Promise<void> {
    await this.ask("/admin/settings", { method: "PATCH", body: settings });
  }

  /** Calls the HTTP API with the master key and resolves to what it answers; rejects when it refuses. */
  async ask(path: string, asked: Asked): Promise<unknown> {
    const response = await this.call(path, asked);
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return response.json();
  }

  /** The same for who wants to see how it refuses. */
  call(path: string, { method, body, key = "master" }: Asked): Promise<Response> {
    const shown = key === "master" ? `${MASTER_KEY},master` : APP_KEY;
    const isText = typeof body === "string";
    const type = isText ? "text/plain" : "application/json";
    return fetch(`${this.url}${path}`, {
      method,
      headers: { "X-LC-Id": this.#appId, "X-LC-Key": shown, "Content-Type": type },
      body: isText ? body : JSON.stringify(body),
    });
  }

  async #address(sdk: Sdk, way: Way) {
    if (way === "RTMServers") {
      return { server: this.url, RTMServers: await this.#webSocketUrl() };
    }
    if (sdk.major === 4) return { server: this.#tls.host };
    return { server: way === "router" ? this.url : `https://${this.#tls.host}` };
  }

  async #webSocketUrl(): Promise<string> {
    const response = await fetch(`${this.url}/v1/route?appId=${this.#appId}`);
    const route: { server: string } = await response.json();
    return route.server;
  }
}

function keysOf(appId: string) {
  return { APP_ID: appId, APP_KEY, MASTER_KEY };
}

/** The file's own town, or its block's, from before the first test until after the last. */
export function useTown(settings?: object, options?: TownOptions): () => Town {
  let town: Town | undefined;
  beforeAll(async () => {
    town = await Town.open(settings, options);
  });
  afterAll(() => town?.close());
  return () => {
    if (town === undefined) throw new Error("the town opens before the first test");
    return town;
  };
}
