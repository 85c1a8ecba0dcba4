import { withDeadline } from "../deadline.ts";
import { isTrial } from "../demo-mode.ts";
import { loggableError } from "../loggable-error.ts";
import type { Deployment } from "../model/deployment.ts";
import { addressClassOf } from "./address-class.ts";

/** An answer is a verdict on one message, or a few keys: more than this (bytes) is a mistake or an attack. */
const ANSWER_MAX = 1_000_000;

/**
 * How far calls may reach: to public hosts by https; while somebody tries Parley out, to this machine as well; or
 * anywhere, where the owner said so (`hooks.allowPrivate`).
 */
export type OutboundPolicy = "public" | "trial" | "anywhere";

export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

export interface Networks {
  /** Connects to public addresses alone, whatever a name resolves to. */
  open: Fetch;
  all: Fetch;
}

export interface Call {
  url: URL;
  method: "GET" | "POST";
  headers: Record<string, string>;
  body?: string;
}

/** What came back, whatever its status; or why nothing did that can be read. */
export type Reply = { status: number; text: string } | { unanswered: string };

/** Calls to URLs that an app's owner gave us, and that must not become a way into the network we run in (I12). */
export class Outbound {
  readonly #reach: OutboundPolicy;
  readonly #networks: Networks;

  constructor(reach: OutboundPolicy, networks: Networks) {
    this.#reach = reach;
    this.#networks = networks;
  }

  /** Whether a URL may be called, by what it says; where its host's name leads is seen when it is called. */
  allows(url: URL): boolean {
    return isWithin(url, this.#reach);
  }

  /**
   * Calls once and never rejects. A redirect is not followed: it would lead where nobody has looked. Nothing of
   * the call is left when this resolves, after `deadline` milliseconds at the latest.
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

  /** The same for who reads the answer himself, and sees to its deadline; rejects where it is not allowed. */
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

/** Whether a URL, by what it says, is within reach; where its host's name leads is seen when it is called. */
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

/** Why a URL among the settings could not be called, in words that follow its name; undefined when it could. */
export function addressProblem(
  env: Pick<Deployment, "APP_ID" | "DEMO">,
  url: string,
  allowPrivate: boolean,
): string | undefined {
  if (isWithin(new URL(url), reachOf(env, allowPrivate))) return undefined;
  return "must be https and a public host, unless hooks.allowPrivate is true";
}

type Named = Pick<Deployment, "TEST_PUSH_SERVICES">;

/** How far a call to an address goes that a client named: no setting and no trial opens more than the public. */
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
 * On Cloudflare no network is private; on one's own box `PUBLIC_NETWORK` looks at the address that a name turned out
 * to have.
 */
export function networksOf({ PUBLIC_NETWORK: network }: Pick<Deployment, "PUBLIC_NETWORK">): Networks {
  const all: Fetch = (url, init) => fetch(url, init);
  return { all, open: network === undefined ? all : (url, init) => network.fetch(url, init) };
}

/** The body of an answer; rejects one that is too long to be meant. */
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
