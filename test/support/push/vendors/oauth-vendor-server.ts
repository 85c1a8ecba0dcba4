import type { IncomingMessage } from "node:http";
import type { Answer } from "../provider-server.ts";
import { VendorServer } from "./vendor-server.ts";

/** A phone maker's server that gives access tokens for client credentials, as Huawei's and Honor's do. */
export abstract class OauthVendorServer extends VendorServer {
  readonly #accessTokens = new Set<string>();
  readonly #client: { id: string; secret: string };
  /** How many access tokens it gave out. */
  issued = 0;
  /** What it does in place of giving out a token. */
  tokenTrouble: Answer | undefined;

  constructor(client: { id: string; secret: string }) {
    super();
    this.#client = client;
  }

  get authUrl(): string {
    return `${this.url}/token`;
  }

  /** No token given out so far counts any more. */
  expireTokens(): void {
    this.#accessTokens.clear();
  }

  protected isAuthorized({ headers: { authorization = "" } }: IncomingMessage): boolean {
    const [scheme, token = ""] = authorization.split(" ");
    return scheme === "Bearer" && this.#accessTokens.has(token);
  }

  protected override answerTo(request: IncomingMessage, bytes: Buffer): Answer {
    if (request.method !== "POST") return { status: 405 };
    if (request.url === "/token") return this.#token(request, new URLSearchParams(bytes.toString()));
    return this.troubled() ?? this.send(request, bytes.toString());
  }

  protected abstract send(request: IncomingMessage, body: string): Answer;

  #token({ headers }: IncomingMessage, form: URLSearchParams): Answer {
    if (this.tokenTrouble !== undefined) return this.tokenTrouble;
    const isForm = headers["content-type"]?.startsWith("application/x-www-form-urlencoded") === true;
    const isKnown =
      form.get("client_id") === this.#client.id && form.get("client_secret") === this.#client.secret;
    if (!isForm || form.get("grant_type") !== "client_credentials" || !isKnown || form.size !== 3) {
      return { status: 400, body: { error: 1101, error_description: "invalid request" } };
    }
    this.issued += 1;
    const token = `${this.constructor.name}-${this.issued}`;
    this.#accessTokens.add(token);
    return { status: 200, body: { access_token: token, expires_in: 3_600, token_type: "Bearer" } };
  }
}
