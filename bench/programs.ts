import type { Program } from "./server.ts";

const APP_ID = "parley-bench";
const MASTER_KEY = "parley-bench-master";

const environment = {
  kind: "Parley" as const,
  variables: { APP_ID, APP_KEY: "parley-bench-key", MASTER_KEY, PROXIES: "0", LOOPBACK: "1" },
};

export const parley: Program = { entry: "../scripts/front-door.ts", environment };

/** Cloudflare's bill is counted: its queues are not objects. */
export const countedParley: Program = {
  entry: "counted-worker.ts",
  environment: { ...environment, variables: { ...environment.variables, SINGLE_MACHINE: "0" } },
};

export const bare: Program = {
  entry: "bare-worker.ts",
  environment: { kind: "bare", objects: ["Star", "InsertStar", "GroupStar", "Sleeper", "Keeper"] },
};

export const appId = APP_ID;

/** Without limits: one client here sends as much as a thousand would. */
export function liftLimits(server: URL): Promise<void> {
  const limits = { sendsPerMinute: 0, historyQueriesPerMinute: 0, otherCommandsPerMinute: 0 };
  return configure(server, { limits, rooms: { messagesPerSecond: 0 } });
}

/** A push provider without devices, and content to push; or neither. */
export function setUpPush(server: URL, on: boolean): Promise<void> {
  const webhook = { url: on ? "https://push.example.com/" : null };
  return configure(server, { push: { webhook, static: on ? { alert: "news" } : null } });
}

/** Keys of providers on this machine; none ends pushing. */
export function setUpProviders(server: URL, push: object | null): Promise<void> {
  return configure(server, { push, hooks: { allowPrivate: push !== null } });
}

/** An Android phone with a channel, by its maker's name in installations. */
export function addPhone(server: URL, vendor: string, channel = vendor): Promise<void> {
  const phone = { deviceType: "android", vendor, registrationId: `phone-of-${channel}`, channels: [channel] };
  return ask(server, "POST", "/1.1/installations", phone);
}

/** A notification to the phone of a maker. */
export function notify(server: URL, vendor: string): Promise<void> {
  return ask(server, "POST", "/1.1/push", { data: { alert: "news", title: "Bench" }, channels: [vendor] });
}

/** Of a request of the app's owner. */
export const masterHeaders = {
  "X-LC-Id": APP_ID,
  "X-LC-Key": `${MASTER_KEY},master`,
  "Content-Type": "application/json",
};

function configure(server: URL, settings: object): Promise<void> {
  return ask(server, "PATCH", "/admin/settings", settings);
}

async function ask(server: URL, method: string, path: string, body: object): Promise<void> {
  const response = await fetch(new URL(path, server), {
    method,
    headers: masterHeaders,
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
}
