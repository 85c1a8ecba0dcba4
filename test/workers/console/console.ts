import type { Env } from "../../../src/bindings.ts";
import { ask } from "../http/ask.ts";
import { world } from "../support/world.ts";

/* The console as a browser asks for it, and files in place of those that its build makes. */

const HOST = "im.example.com";
export const ORIGIN = `https://${HOST}`;

/** What the build puts into dist/public. */
const files: Record<string, [type: string, text: string]> = {
  "/": ["text/html", "the demo page"],
  "/page.js": ["text/javascript", "demo()"],
  "/console/": ["text/html", "the console"],
  "/console/sign-in": ["text/html", "the page to sign in"],
  "/console/sign-in/sign-in-AB12.js": ["text/javascript", "signIn()"],
  "/console/assets/main-CD34.js": ["text/javascript", "main()"],
};

/** Static files as the platform serves them. */
export const ASSETS: Pick<Fetcher, "fetch"> = {
  async fetch(input, init) {
    const request = new Request(input, init);
    const [type, text] = files[new URL(request.url).pathname] ?? [];
    if (type === undefined) return new Response(null, { status: 404 });
    const headers = { "content-type": `${type}; charset=utf-8`, etag: '"cheese"' };
    if (request.headers.get("if-none-match")?.includes('"cheese"'))
      return new Response(null, { status: 304, headers });
    return new Response(request.method === "HEAD" ? null : text, { headers });
  },
};

export interface Asking extends RequestInit {
  /** The scheme and host; that of the tests otherwise. */
  at?: string;
  env?: Partial<Env>;
}

/** Asks for a path as it is written: a URL would resolve its dots. */
export function askConsole(path: string, { at = ORIGIN, env, ...init }: Asking = {}): Promise<Response> {
  const more = { ASSETS, ...env };
  return ask(`${at}${path}`, { redirect: "manual", ...init, env: more });
}

export const byConsole = { "x-parley-console": "1" };

export function signInWith(masterKey: string, { headers, ...more }: Asking = {}): Promise<Response> {
  return askConsole("/console/session", {
    method: "POST",
    headers: { ...byConsole, "content-type": "application/json", ...headers },
    body: JSON.stringify({ master_key: masterKey, name: "Tom" }),
    ...more,
  });
}

/** The cookie that a response sets, as a browser would send it back. */
export function cookieIn(response: Response): string {
  return response.headers.getSetCookie()[0]?.split(";")[0] ?? "";
}

/** The cookie of somebody who signed in. */
export async function signedIn(more: Asking = {}): Promise<string> {
  // Tries are counted by address, and no two tests share one.
  const headers = { "cf-connecting-ip": `2001:db8:${nextNetwork()}::1`, ...more.headers };
  const response = await signInWith(more.env?.MASTER_KEY ?? world.MASTER_KEY, { ...more, headers });
  if (!response.ok) throw new Error(`not signed in: ${response.status} ${await response.text()}`);
  return cookieIn(response);
}

let networks = 0;

function nextNetwork(): string {
  networks += 1;
  return networks.toString(16);
}
