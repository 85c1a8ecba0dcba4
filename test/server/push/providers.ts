import type { ProviderName } from "../../../src/model/provider-name.ts";
import { type ApnsServer, type AppleKey, appleKey, openApnsServer } from "../../support/push/apns-server.ts";
import { FcmServer } from "../../support/push/fcm-server.ts";
import { PushReceiver } from "../../support/push/push-receiver.ts";
import { HuaweiServer } from "../../support/push/vendors/huawei-server.ts";
import { vapidKeys, WebPushEndpoint } from "../../support/push/web-push-endpoint.ts";

const SECRET = "whsec_c2VjcmV0IG9mIDI0IGJ5dGVzIG9yIHNv";

/** A push that reached a device: which, by the name that its provider has for it, and the push's id. */
export interface Arrival {
  device: string;
  push: string;
}

/** Makes a provider's server fail, all of it. */
interface Outage {
  down(): Promise<void>;
  up(): Promise<void>;
  hold(): void;
  release(): void;
  calls(): number;
}

/** An app's ways to devices: servers on this machine that speak the providers' protocols, and its keys for them. */
export class Providers {
  readonly keys: readonly AppleKey[];
  readonly apns: ApnsServer;
  readonly fcm = new FcmServer();
  readonly hms = new HuaweiServer();
  readonly #vapid = vapidKeys();
  readonly web = new WebPushEndpoint(this.#vapid.publicKey);
  readonly webhook = new PushReceiver(SECRET);

  private constructor(keys: readonly AppleKey[], apns: ApnsServer) {
    this.keys = keys;
    this.apns = apns;
  }

  /** The keys of two of Apple's teams. */
  static async open({ tls = false } = {}): Promise<Providers> {
    const keys = [
      await appleKey("MOUSETEAM1", "MOUSEKEY01", ["com.example.mouse", "com.example.mouse.pro"]),
      await appleKey("CATTEAM002", "CATKEY0002", ["com.example.cat"]),
    ];
    const providers = new Providers(keys, await openApnsServer({ keys, tls }));
    const { fcm, hms, web, webhook } = providers;
    await Promise.all([fcm.open(), hms.open(), web.open(), webhook.open()]);
    return providers;
  }

  async close(): Promise<void> {
    for (const name of names) this.of(name).release();
    const { apns, fcm, hms, web, webhook } = this;
    await Promise.all([apns.close(), fcm.close(), hms.close(), web.close(), webhook.close()]);
  }

  /** For the settings of a trial. The servers are on this machine, where only the owner's word lets calls go, or a trial's. */
  get settings() {
    const { apns, fcm, hms, webhook } = this;
    const keys = this.keys.map(({ publicKey: _, ...key }) => key);
    return {
      hooks: { allowPrivate: true },
      push: {
        apns: { keys, url: apns.url },
        fcm: { serviceAccount: fcm.serviceAccount, url: fcm.url },
        hms: hms.settings,
        webPush: this.#vapid,
        webhook: { url: webhook.url, secret: SECRET },
      },
    };
  }

  of(name: Way): Outage {
    const { apns, fcm, hms, web, webhook } = this;
    if (name === "apns") {
      return {
        down: () => apns.down(),
        up: () => apns.up(),
        hold: () => apns.hold(),
        release: () => apns.release(),
        calls: () => apns.calls,
      };
    }
    const server = { fcm, hms, webPush: web, webhook }[name];
    return {
      down: () => server.close(),
      up: () => server.open(),
      hold: () => server.hold(),
      release: () => server.release(),
      calls: () => server.calls,
    };
  }

  /** Every push that reached a device of a provider's, in order, as often as it did. */
  arrivals(name: Way): Arrival[] {
    switch (name) {
      case "apns":
        return this.apns.arrived.map(({ deviceToken, collapseId }) => {
          return { device: deviceToken, push: collapseId };
        });
      case "fcm":
        return this.fcm.messages.map(({ token, android }) => {
          return { device: token, push: android?.notification?.tag ?? "" };
        });
      case "hms":
        return this[name].arrived.map(({ registrationId, pushId }) => {
          return { device: registrationId, push: pushId };
        });
      case "webPush":
        return this.web.received.map(({ endpoint, content }) => {
          return { device: endpoint, push: String(content._id) };
        });
      case "webhook":
        return this.webhook.taken.flatMap(({ body: { recipients, messageId } }) =>
          recipients.map(({ installation }) => {
            return { device: String(installation.registrationId), push: messageId ?? "" };
          }),
        );
    }
  }
}

/** The servers of all providers. */
export const names = ["apns", "fcm", "hms", "webPush", "webhook"] as const satisfies ProviderName[];

/** A way to devices that has a server here. */
export type Way = (typeof names)[number];
