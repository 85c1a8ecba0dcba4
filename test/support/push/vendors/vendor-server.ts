import type { JsonObject } from "../../../../src/model/json.ts";
import { type Answer, ProviderServer } from "../provider-server.ts";

/** A push that reached a phone. */
export interface Arrived {
  registrationId: string;
  /** By which the phone or the vendor recognizes a repetition. */
  pushId: string;
  message: JsonObject;
}

/** A phone maker's server on this machine, as far as its documents say how it behaves. */
export abstract class VendorServer extends ProviderServer {
  /** Every push that reached a phone, in order, as often as it did. */
  readonly arrived: Arrived[] = [];
  /** What the next calls are answered in place of being looked at, one after another. Calls for tokens are not counted. */
  readonly trouble: Answer[] = [];
  /** Registration ids of phones that no longer have the app. */
  readonly gone = new Set<string>();
  /** Calls that were to send something, whatever they were answered. */
  sends = 0;

  /** Whom a push reached. */
  get reached(): string[] {
    return this.arrived.map(({ registrationId }) => registrationId);
  }

  /** The last push that reached anybody. */
  get last(): JsonObject {
    return this.arrived.at(-1)?.message ?? {};
  }

  /** The answer of trouble to this call, if there is any. */
  protected troubled(): Answer | undefined {
    this.sends += 1;
    return this.trouble.shift();
  }

  /** Forgets what happened. */
  clear(): void {
    this.arrived.length = 0;
    this.trouble.length = 0;
    this.gone.clear();
    this.sends = 0;
  }
}
