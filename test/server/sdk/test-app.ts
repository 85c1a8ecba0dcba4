import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";
import type { CommandInit } from "../../support/frames.ts";
import { type Server, startServer } from "../../support/server.ts";
import { NodeDevice } from "../support/node-device.ts";
import type { ImClient, LoginOptions, Realtime, Sdk, SdkExports, SdkUser } from "./sdk-types.ts";
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

/** What differs from the usual app. */
export interface TestAppOptions {
  /** `parley-dev` is the app of a trial. */
  appId?: string;
  /** The server's environment beside its keys. */
  env?: Record<string, string>;
}

/** A call to the HTTP API. */
interface Call {
  method: "GET" | "POST" | "PUT" | "DELETE" | "PATCH";
  /** An object is sent as JSON, text as it is. */
  body?: object | string;
  /** The master key of the app's own server, or the app key of its clients. */
  key?: "master" | "app";
}

interface DeviceOptions {
  way?: Way;
  noBinary?: boolean;
  pushOfflineMessages?: boolean;
  /** Of the SDK. */
  plugins?: object[];
}

/** A device: a copy of the SDK with its one socket. */
export interface SdkDevice {
  sdk: SdkExports;
  realtime: Realtime;
  /** Without an id the SDK makes one. */
  logIn(id?: string | SdkUser, options?: LoginOptions): Promise<ImClient>;
}

/** A client on a device of its own. */
export interface Person extends SdkDevice {
  id: string;
  client: ImClient;
}

/** A running server with one app, and the clients on it, which log out at the end. */
export class TestApp {
  #server: Server;
  readonly #data: string;
  readonly #appId: string;
  readonly #env: Record<string, string>;
  readonly #tls: TlsFront;
  readonly #clients: ImClient[] = [];
  readonly #rawDevices: NodeDevice[] = [];

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

  /** @param settings are set before a client connects */
  static async open(settings: object = {}, { appId = APP_ID, env: more = {} }: TestAppOptions = {}) {
    const data = await mkdtemp(join(tmpdir(), "parley-sdk-"));
    const env = { ...keysOf(appId), ...more };
    const server = await startServer({ data, env });
    const app = new TestApp(server, await openTlsFront(new URL(server.url)), { data, appId, env });
    // The limits are the default ones: what SDKs send by themselves has to be within them.
    if (Object.keys(settings).length > 0) await app.configure(settings);
    return app;
  }

  async close() {
    await Promise.allSettled(this.#clients.map((client) => client.close()));
    for (const device of this.#rawDevices) device.close();
    await this.#tls.close();
    await this.#server.stop();
    await rm(this.#data, { recursive: true, force: true });
  }

  /** Restarts the server with the same data and address; every client loses its connection. */
  async restart() {
    await this.#restartAfter(() => this.#server.stop());
  }

  /** Restarts the server after SIGKILL. */
  async crash() {
    await this.#restartAfter(() => this.#server.kill());
  }

  async #restartAfter(end: () => Promise<unknown>) {
    const { port } = this.#server;
    await end();
    const args = ["--port", `${port}`];
    this.#server = await startServer({ data: this.#data, env: this.#env, args });
  }

  /** Breaks all connections over TLS. SDKs reconnect. */
  cutTls() {
    this.#tls.cut();
  }

  get url() {
    return this.#server.url;
  }

  /** The server's output since its last start. */
  get output() {
    return this.#server.output();
  }

  get keys() {
    return { appId: this.#appId, appKey: APP_KEY };
  }

  /** Signs what the app's own server signs. */
  get masterKey() {
    return MASTER_KEY;
  }

  /** A client id that no other client has. */
  named(name: string) {
    return `${name}-${randomUUID().slice(0, 8)}`;
  }

  async device(sdk: Sdk, options: DeviceOptions = {}): Promise<SdkDevice> {
    const exports = sdk.load();
    const realtime = new exports.Realtime({
      ...this.keys,
      noBinary: options.noBinary ?? false,
      pushOfflineMessages: options.pushOfflineMessages ?? false,
      plugins: options.plugins ?? [],
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
    const { tag, signatureFactory, conversationSignatureFactory, blacklistSignatureFactory } = options;
    const login = { tag, signatureFactory, conversationSignatureFactory, blacklistSignatureFactory };
    return { ...device, id, client: await device.logIn(id, login) };
  }

  /** A device without an SDK, for frames that SDKs do not show or do not send. */
  async raw(id: string, session: CommandInit["sessionMessage"] = {}): Promise<NodeDevice> {
    const port = Number(new URL(this.url).port);
    const device = await NodeDevice.connect({ port }, { appId: this.#appId });
    this.#rawDevices.push(device);
    await device.login(id, session);
    return device;
  }

  /** The request that SDKs make after reconnecting. */
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

  /** Kicks a client over HTTP (http-api §2.5). */
  async kick(clientId: string, reason: string): Promise<void> {
    await this.ask(`/1.2/rtm/clients/${encodeURIComponent(clientId)}/kick`, {
      method: "POST",
      body: { reason },
    });
  }

  /** Changes some settings. */
  async configure(settings: object): Promise<void> {
    await this.ask("/admin/settings", { method: "PATCH", body: settings });
  }

  /** Calls the HTTP API, with the master key by default, and returns the JSON. Rejects if the status is an error. */
  async ask(path: string, asked: Call): Promise<unknown> {
    const response = await this.call(path, asked);
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return response.json();
  }

  /** Calls the HTTP API, with the master key by default, and returns the response. */
  call(path: string, { method, body, key = "master" }: Call): Promise<Response> {
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

/** An app for all tests of a file, or of a `describe`. */
export function useTestApp(settings?: object, options?: TestAppOptions): () => TestApp {
  let app: TestApp | undefined;
  beforeAll(async () => {
    app = await TestApp.open(settings, options);
  });
  afterAll(() => app?.close());
  return () => {
    if (app === undefined) throw new Error("the app starts before the first test");
    return app;
  };
}
