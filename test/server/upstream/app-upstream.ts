import type { ServerResponse } from "node:http";
import { hmac, signingTime } from "../../support/sign.ts";
import { StubUpstream, type UpstreamRequest } from "../../support/stub-upstream.ts";

type Row = Record<string, unknown>;

/** A server of an app beside Parley: classes of its own, and functions, as LeanCloud's protocol has them. */
export class AppUpstream extends StubUpstream {
  readonly #classes = new Map<string, Map<string, Row>>();
  readonly #keys: { appId: string; masterKey: string };

  /** The master key signs logins, as such a function does. */
  constructor(keys: { appId: string; masterKey: string }) {
    super();
    this.#keys = keys;
    this.answer = (request, response) => this.#serve(request, response);
  }

  #serve(request: UpstreamRequest, response: ServerResponse): unknown {
    const url = new URL(request.url, this.url);
    const [, , kind = "", name = "", id] = url.pathname.split("/");
    const body: Row = request.body === "" ? {} : JSON.parse(request.body);
    const answer = (status: number, value: unknown) =>
      response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(value));
    if (kind === "functions" || kind === "call") return answer(200, { result: this.#run(name, body) });
    if (kind === "batch") {
      const parts = (body.requests as { method: string; path: string; body: Row }[]).map((part) => {
        const [, , , className = "", objectId] = new URL(part.path, this.url).pathname.split("/");
        return { success: this.#save(className, objectId, part.body) };
      });
      return answer(200, parts);
    }
    if (kind !== "classes") return answer(404, { code: 404, error: `no ${request.url}` });
    if (request.method === "GET") return answer(200, this.#find(name, id, url.searchParams));
    return answer(id === undefined ? 201 : 200, this.#save(name, id, body));
  }

  #run(name: string, { clientId }: Row): unknown {
    if (name !== "sign") return { unknown: name };
    const timestamp = signingTime();
    const nonce = "a-nonce";
    const { appId, masterKey } = this.#keys;
    return { timestamp, nonce, signature: hmac(masterKey, `${appId}:${clientId}::${timestamp}:${nonce}`) };
  }

  #save(className: string, id: string | undefined, changes: Row): Row {
    const rows = this.#classes.get(className) ?? new Map<string, Row>();
    this.#classes.set(className, rows);
    const objectId = id ?? (rows.size + 1).toString(16).padStart(24, "5");
    const times = { createdAt: "2026-11-28T12:00:00.000Z", updatedAt: "2026-11-28T12:00:00.000Z" };
    rows.set(objectId, { ...times, ...rows.get(objectId), ...changes, objectId });
    return { objectId, ...times };
  }

  #find(className: string, id: string | undefined, query: URLSearchParams): unknown {
    const rows = this.#classes.get(className) ?? new Map<string, Row>();
    if (id !== undefined) return rows.get(id) ?? {};
    const where: Row = JSON.parse(query.get("where") ?? "{}");
    const fits = (row: Row) => Object.entries(where).every(([name, value]) => row[name] === value);
    return { results: [...rows.values()].filter(fits) };
  }
}
