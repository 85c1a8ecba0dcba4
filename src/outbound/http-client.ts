import { withDeadline } from "../deadline.ts";
import { isTrial } from "../demo-mode.ts";
import { loggableError } from "../loggable-error.ts";
import type { Deployment } from "../model/deployment.ts";
import { addressClassOf } from "./address-class.ts";

/** A response is a decision on one message, or a few keys: more bytes are a mistake or an attack. */
const ANSWER_MAX = 1_000_000;

/**
 * Which addresses may be called: public hosts by https; on a trial server this machine as well; or any, if the owner
 * allows it (`hooks.allowPrivate`).
 */
export type OutboundPolicy = "public" | "trial" | "anywhere";

export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

export interface Networks {
  /** Connects to public addresses only, whatever a name resolves to. */
  open: Fetch;
  all: Fetch;
}

export interface Call {
  url: URL;
  method: "GET" | "POST" | "PUT";
  headers: Record<string, string>;
  body?: string;
}

/** The response with any status, or the reason that there is no readable one. */
export type Reply = { status: number; text: string } | { unanswered: string };

/** Calls to URLs that an app's owner gave us, and that must not become a way into the network we run in (I12). */
export class Outbound {
  readonly #reach: OutboundPolicy;
  readonly #networks: Networks;

  constructor(reach: OutboundPolicy, networks: Networks) {
    this.#reach = reach;
    this.#networks = networks;
  }

  /** Whether the URL itself may be called; the address of its host is checked during the call. */
  allows(url: URL): boolean {
    return isWithin(url, this.#reach);
  }

  /**
   * Calls once and never rejects. Redirects are not followed, because their target is unchecked. Nothing of the call is
   * left when this resolves, after `deadline` milliseconds at the latest.
   */
  async send({ url, ...call }: Call, deadline: number): Promise<Reply> {
    const network = this.#networkFor(url);
    if (network === undefined) return { unanswered: `calls to ${url.protocol}//${url.host} are not allowed` };
    const giveUp = new AbortController();
    const exchange = async (): Promise<Reply> => {
      const init: RequestInit = { ...call, redirect: "manual", signal: giveUp.signal };
      const response = await network(url.href, init);
      return { status: response.status, text: await readText(response) };
    };
    try {
      return await withDeadline(exchange(), deadline, url.host);
    } catch (error) {
      return { unanswered: loggableError(error) };
    } finally {
      giveUp.abort();
    }
  }

  /** The same for a caller that reads the response and sets the deadline itself; rejects if the URL is not allowed. */
  async fetch(url: string, init: RequestInit & { redirect: "manual" }): Promise<Response> {
    const network = this.#networkFor(new URL(url));
    if (network === undefined) throw new Error(`calls to ${new URL(url).origin} are not allowed`);
    return network(url, init);
  }

  #networkFor(url: URL): Fetch | undefined {
    if (!this.allows(url)) return undefined;
    const isPublic = this.#reach !== "anywhere" && addressClassOf(url) === "public";
    return isPublic ? this.#networks.open : this.#networks.all;
  }
}

/** Whether a URL itself is allowed; the address of its host is checked during the call. */
function isWithin(url: URL, reach: OutboundPolicy): boolean {
  if (url.protocol !== "https:" && url.protocol !== "http:") return false;
  if (url.username !== "" || url.password !== "") return false;
  if (reach === "anywhere") return true;
  const place = addressClassOf(url);
  return place === "loopback" ? reach === "trial" : place === "public" && url.protocol === "https:";
}

function reachOf(env: Pick<Deployment, "APP_ID" | "DEMO">, allowPrivate: boolean): OutboundPolicy {
  if (allowPrivate) return "anywhere";
  return isTrial(env) ? "trial" : "public";
}

/** The reason that a URL in the settings cannot be called, to follow the setting's name; undefined if it can. */
export function addressProblem(
  env: Pick<Deployment, "APP_ID" | "DEMO">,
  url: string,
  allowPrivate: boolean,
): string | undefined {
  if (isWithin(new URL(url), reachOf(env, allowPrivate))) return undefined;
  return "must be https and a public host, unless hooks.allowPrivate is true";
}

type Named = Pick<Deployment, "TEST_PUSH_SERVICES">;

/** The policy for addresses from clients: no setting and no trial allows more than public ones. */
const reachOfClients = ({ TEST_PUSH_SERVICES }: Named): OutboundPolicy =>
  TEST_PUSH_SERVICES === "loopback" ? "trial" : "public";

/** Whether an address that a client named may be called. */
export const isNameable = (env: Named, url: string): boolean => isWithin(new URL(url), reachOfClients(env));

/** Calls to addresses that clients named. */
export const outboundToNamed = (env: Named & Pick<Deployment, "PUBLIC_NETWORK">): Outbound =>
  new Outbound(reachOfClients(env), networksOf(env));

/** Calls as this deployment's settings allow them. */
export function outboundOf(
  env: Pick<Deployment, "APP_ID" | "DEMO" | "PUBLIC_NETWORK">,
  { hooks }: { hooks: { allowPrivate: boolean } },
  networks: Networks = networksOf(env),
): Outbound {
  return new Outbound(reachOf(env, hooks.allowPrivate), networks);
}

/**
 * On Cloudflare no network is private; on a single machine `PUBLIC_NETWORK` checks the address that a name resolves to.
 */
export function networksOf({ PUBLIC_NETWORK: network }: Pick<Deployment, "PUBLIC_NETWORK">): Networks {
  const all: Fetch = (url, init) => fetch(url, init);
  return { all, open: network === undefined ? all : (url, init) => network.fetch(url, init) };
}

/** The body of a response; rejects an overlong one. */
export async function readText({ body }: Response): Promise<string> {
  if (body === null) return "";
  const decoder = new TextDecoder();
  let text = "";
  let length = 0;
  for await (const chunk of body) {
    length += chunk.length;
    if (length > ANSWER_MAX) throw new Error(`an answer of more than ${ANSWER_MAX} bytes`);
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}
