import type { JsonObject } from "../../model/json.ts";
import type { Outbound } from "../../outbound/http-client.ts";
import type { ProfileOf } from "../../settings/vendors/vendor-settings.ts";
import { retryOutcome } from "../provider.ts";
import { eachCall } from "../provider-calls.ts";
import type { FetchedToken, Vendor, Verdict } from "./vendor.ts";
import { VivoCalls, vivoServer } from "./vivo-calls.ts";
import { vivoMessage } from "./vivo-payload.ts";
import { fetchVivoToken } from "./vivo-token.ts";

type Profile = ProfileOf<"vivo">;

/** vivo takes this field only in a message to a single device. */
const SINGLE_ONLY = "profileId";

/** vivo's push service, which also serves iQOO. */
export const vivo: Vendor<Profile, JsonObject> = {
  name: "vivo",
  vendors: ["vivo"],
  batchMax: 1_000,
  credentialsOf: vivoCredentials,
  messageOf: vivoMessage,
  async send(message, registrationIds, sending) {
    const calls = new VivoCalls(message, sending);
    const isList = registrationIds.length > 1 && !(SINGLE_ONLY in message);
    const listed = isList ? await calls.toList(registrationIds) : undefined;
    if (listed !== undefined) return listed;
    const late = (_: string, why: string) => retryOutcome(why);
    return eachCall<string, Verdict>(registrationIds, (id) => calls.toOne(id), late, sending.now);
  },
};

export function vivoCredentials({ appId, appKey, appSecret }: Profile): string {
  return JSON.stringify(["vivo", appId, appKey, appSecret]);
}

/** Rejects, with a message fit for a log, without a token within 10 s. */
export function fetchVivoTokenFor(profile: Profile, outbound: Outbound, now: number): Promise<FetchedToken> {
  return fetchVivoToken({ ...profile, server: vivoServer(profile) }, outbound, now);
}
