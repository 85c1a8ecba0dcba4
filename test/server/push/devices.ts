import { randomBytes, randomUUID } from "node:crypto";
import type { ImClient, Sdk } from "../sdk/sdk-types.ts";
import type { Person, TestApp } from "../sdk/test-app.ts";
import { eventually } from "../sdk/waiting.ts";
import type { NodeDevice } from "../support/node-device.ts";
import type { Providers, Way } from "./providers.ts";

/** A device with a client that is logged in. */
export interface PushDevice {
  /** The way by which it is reached. */
  way: Way;
  /** Its name at its provider. */
  name: string;
  /** Its installation's id. */
  installation: string;
  /** Takes it off the network, without a logout. */
  lose(): void;
  logOut(): Promise<unknown>;
}

interface Row {
  channels: string[];
  badge: number;
}

/** A device token of Apple's. */
export const newDeviceToken = () => randomBytes(32).toString("hex");

/** An iPhone: its installation is known by Apple's token, by which the session of Swift's SDK names the device. */
export async function iphone(app: TestApp, clientId: string, fields: object = {}): Promise<PushDevice> {
  const deviceToken = newDeviceToken();
  const installation = await install(app, { deviceType: "ios", deviceToken, ...fields });
  const raw = await app.raw(clientId, { deviceToken });
  return phone(app, clientId, raw, { way: "apns", name: deviceToken, installation });
}

/** An Android phone: its session names it by the installation's own id, as Java's SDK does. */
export async function android(
  app: TestApp,
  clientId: string,
  vendor: "fcm" | "HMS" | "lenovo",
): Promise<PushDevice> {
  const [installationId, registrationId] = [randomUUID(), `${vendor}-${randomUUID()}`];
  const row = { deviceType: "android", installationId, vendor, registrationId };
  const installation = await install(app, row);
  const raw = await app.raw(clientId, { deviceId: installationId });
  const way = { fcm: "fcm", HMS: "hms", lenovo: "webhook" } as const;
  return phone(app, clientId, raw, { way: way[vendor], name: registrationId, installation });
}

async function phone(
  app: TestApp,
  clientId: string,
  raw: NodeDevice,
  device: Pick<PushDevice, "way" | "name" | "installation">,
): Promise<PushDevice> {
  await belongsTo(app, device.installation, [clientId]);
  return {
    ...device,
    lose: () => raw.close(),
    logOut: () => raw.ask({ cmd: "session", op: "close" }),
  };
}

/** A page with the JavaScript SDK in a browser, registered by its session's token. */
export async function browser(
  app: TestApp,
  { web }: Providers,
  { sdk, id }: { sdk: Sdk; id: string },
): Promise<PushDevice & { person: Person }> {
  const person = await app.logIn(sdk, id);
  const subscription = web.subscribe();
  const response = await fetch(`${app.url}/1.2/rtm/clients/${encodeURIComponent(id)}/web-push`, {
    method: "PUT",
    headers: {
      "X-LC-Id": app.keys.appId,
      "X-LC-Key": app.keys.appKey,
      "Content-Type": "application/json",
      "X-LC-IM-Session-Token": await sessionTokenOf(person.client),
    },
    body: JSON.stringify(subscription),
  });
  if (!response.ok) throw new Error(`web-push: ${response.status} ${await response.text()}`);
  const { objectId }: { objectId: string } = await response.json();
  return {
    way: "webPush",
    name: subscription.endpoint,
    installation: objectId,
    person,
    lose: () => person.realtime.pause(),
    logOut: () => person.client.close(),
  };
}

/** The session token, as the page at `/` gets it: the SDKs have no public way to it. */
async function sessionTokenOf(client: ImClient): Promise<string> {
  if (!hasSession(client)) throw new Error("the SDK keeps its session elsewhere");
  return client._sessionManager.getSessionToken();
}

interface HasSession {
  _sessionManager: { getSessionToken(): Promise<string> };
}

const hasSession = (client: ImClient): client is ImClient & HasSession => "_sessionManager" in client;

/** Saves an installation as SDKs do; its id. */
export async function install(app: TestApp, fields: object): Promise<string> {
  const response = await app.call("/1.1/installations", { method: "POST", body: fields, key: "app" });
  if (!response.ok) throw new Error(`installations: ${response.status} ${await response.text()}`);
  const { objectId }: { objectId: string } = await response.json();
  return objectId;
}

/** An installation as the app's server sees it; undefined where there is none any more. */
export async function installationOf(app: TestApp, id: string): Promise<Row | undefined> {
  const response = await app.call(`/1.1/installations/${id}`, { method: "GET" });
  if (response.status === 404) return undefined;
  const row: Row = await response.json();
  return row;
}

/** Resolves once these and no others are logged in on a device that has no channels of its own. */
export async function belongsTo(app: TestApp, installation: string, clientIds: string[]): Promise<void> {
  await eventually(
    async () => (await installationOf(app, installation))?.channels,
    (channels) => sameNames(channels ?? [], clientIds),
  );
}

/** Takes a client's devices offline; resolves when the server has noticed. */
export async function lose(app: TestApp, clientId: string, ...devices: PushDevice[]): Promise<void> {
  for (const device of devices) device.lose();
  await eventually(
    async () => {
      const body = { client_ids: [clientId] };
      const response = await app.call("/1.2/rtm/clients/check-online", { method: "POST", body });
      const { results }: { results: string[] } = await response.json();
      return results;
    },
    (online) => online.length === 0,
  );
}

/** Whether two lists have the same members, in any order. */
export function sameNames(some: readonly string[], others: readonly string[]): boolean {
  return JSON.stringify(some.toSorted()) === JSON.stringify(others.toSorted());
}
