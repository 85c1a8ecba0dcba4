import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Server as Listener, Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { importJWK, jwtVerify } from "jose";
import { selfSigned } from "../../../server/sdk/certificate.ts";
import { BrowserLine, type Stanza } from "./browser-line.ts";
import { encodeMessage } from "./frames.ts";
import { Registrations } from "./registrations.ts";

/** What push services take at most, in bytes (RFC 8030 §7.2). */
const BODY_MAX = 4_096;
/** A signature may count for so long, in seconds (RFC 8292 §2). */
const SIGNATURE_LIFE_MAX = 24 * 60 * 60;

/**
 * A push service on this machine in place of Google's, for Chromium that is started with its `flags`: browsers check
 * in, register their pages and stay connected; an app's server pushes by RFC 8030 and proves itself by RFC 8292.
 */
export class PushService {
  readonly #registrations = new Registrations();
  readonly #lines = new Map<string, BrowserLine>();
  /** For browsers that are not connected. */
  readonly #waiting = new Map<string, Stanza[]>();
  readonly #sockets = new Set<Socket>();
  readonly #http = createServer((request, response) => {
    this.#answer(request, response).catch((error) => response.writeHead(500).end(String(error)));
  });
  readonly #mcs = createTlsServer(selfSigned(), (socket) => {
    this.#sockets.add(socket);
    const line = new BrowserLine(socket, (device) => {
      this.#connected(device, line);
      socket.on("close", () => this.#disconnected(device, line));
    });
    socket.on("close", () => this.#sockets.delete(socket));
  });
  #url = "";
  #devices = 0;

  static async start(): Promise<PushService> {
    const service = new PushService();
    service.#url = `http://127.0.0.1:${await listening(service.#http)}`;
    await listening(service.#mcs);
    return service;
  }

  /** Of Chromium, so that it comes here. It trusts any certificate then. */
  get flags(): string[] {
    return [
      `--gcm-checkin-url=${this.#url}/checkin`,
      `--gcm-registration-url=${this.#url}/register`,
      `--gcm-mcs-endpoint=https://127.0.0.1:${portOf(this.#mcs)}`,
      "--ignore-certificate-errors",
    ];
  }

  /** Where to push here, for the endpoint that Chromium makes up of the token that it got here. */
  endpointOf(endpoint: string): string {
    return `${this.#url}/send/${endpoint.split("/").at(-1)}`;
  }

  /**
   * Hands an encrypted body to the browser that has a subscription, now or once it is connected.
   * @returns false where there is no such subscription any more
   */
  deliver(endpoint: string, body: Uint8Array, id: string = randomUUID()): boolean {
    const registration = this.#registrations.find(endpoint.split("/").at(-1) ?? "");
    if (registration === undefined) return false;
    const stanza = { registration, body, id };
    const line = this.#lines.get(registration.device);
    if (line !== undefined) line.deliver(stanza);
    else this.#waiting.set(registration.device, [...(this.#waiting.get(registration.device) ?? []), stanza]);
    return true;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#http.closeAllConnections();
    await Promise.all([this.#http, this.#mcs].map((server) => new Promise((done) => server.close(done))));
  }

  #connected(device: string, line: BrowserLine): void {
    this.#lines.set(device, line);
    for (const stanza of this.#waiting.get(device) ?? []) line.deliver(stanza);
    this.#waiting.delete(device);
  }

  #disconnected(device: string, line: BrowserLine): void {
    if (this.#lines.get(device) === line) this.#lines.delete(device);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await bodyOf(request);
    const { pathname } = new URL(request.url ?? "/", this.#url);
    if (pathname === "/checkin") {
      this.#devices += 1;
      // Statistics taken, the browser's number and its secret, and all of its settings: none.
      response.end(
        encodeMessage([
          [1, true],
          [7, BigInt(this.#devices)],
          [8, 1n],
          [9, false],
        ]),
      );
    } else if (pathname === "/register") {
      response.end(this.#registrations.answer(new URLSearchParams(body.toString())));
    } else {
      response.writeHead(await this.#take(pathname, request, body)).end();
    }
  }

  /** What an app's server pushes; the status of the answer. */
  async #take(path: string, { headers }: IncomingMessage, body: Uint8Array): Promise<number> {
    const sender = this.#registrations.find(path.split("/").at(-1) ?? "")?.sender;
    if (sender === undefined) return 410;
    if (!/^\d+$/.test(String(headers.ttl)) || headers["content-encoding"] !== "aes128gcm") return 400;
    if (body.length > BODY_MAX) return 413;
    if (!(await this.#isSigned(headers.authorization ?? "", sender))) return 403;
    return this.deliver(path, body) ? 201 : 410;
  }

  async #isSigned(authorization: string, sender: string): Promise<boolean> {
    const [, token, key] = /^vapid t=([^,\s]+),\s*k=(\S+)$/.exec(authorization) ?? [];
    if (token === undefined || key !== sender) return false;
    const point = Buffer.from(sender, "base64url");
    const [x, y] = [point.subarray(1, 33), point.subarray(33)].map((part) => part.toString("base64url"));
    const jwk = await importJWK({ kty: "EC", crv: "P-256", x, y }, "ES256");
    return jwtVerify(token, jwk, { audience: this.#url, requiredClaims: ["exp", "sub"] }).then(
      ({ payload }) => (payload.exp ?? 0) <= Date.now() / 1_000 + SIGNATURE_LIFE_MAX,
      () => false,
    );
  }
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function listening(server: Listener): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return portOf(server);
}

function portOf(server: Listener): number {
  const address: string | AddressInfo | null = server.address();
  if (address === null || typeof address === "string") throw new Error("the push service has no port");
  return address.port;
}
