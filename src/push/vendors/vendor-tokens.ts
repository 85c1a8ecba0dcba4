import type { VendorName } from "../../model/provider-name.ts";
import type { Outbound } from "../../outbound/http-client.ts";
import type { Settings } from "../../settings/schema.ts";
import { profileNamed } from "../../settings/vendors/vendor-profiles.ts";
import { fetchHonorToken, honorCredentials } from "./honor.ts";
import { fetchHuaweiToken, huaweiCredentials } from "./huawei.ts";
import { fetchOppoTokenFor, oppoCredentials } from "./oppo.ts";
import type { FetchedToken } from "./vendor.ts";
import { fetchVivoTokenFor, vivoCredentials } from "./vivo.ts";

/** How a profile's access token is fetched. */
export interface TokenMaker {
  /** The profile's account: the token is another one for another account. */
  credentials: string;
  /** Rejects, with a message fit for a log, without a token. Has a deadline. */
  fetch(outbound: Outbound, now: number): Promise<FetchedToken>;
}

/** How the access token of a profile is fetched; undefined if there is no such profile, or its vendor has no tokens. */
export function tokenMakerOf(
  push: Settings["push"],
  vendor: VendorName,
  profileName: string,
  region: string | undefined,
): TokenMaker | undefined {
  switch (vendor) {
    case "hms": {
      const profile = profileNamed(push.hms, profileName);
      return profile && makerOf(huaweiCredentials(profile), fetchHuaweiToken, profile);
    }
    case "honor": {
      const profile = profileNamed(push.honor, profileName);
      return profile && makerOf(honorCredentials(profile), fetchHonorToken, profile);
    }
    case "oppo": {
      const profile = profileNamed(push.oppo, profileName);
      return profile && makerOf(oppoCredentials(profile), fetchOppoTokenFor(region), profile);
    }
    case "vivo": {
      const profile = profileNamed(push.vivo, profileName);
      return profile && makerOf(vivoCredentials(profile), fetchVivoTokenFor, profile);
    }
    case "mi":
    case "meizu":
      return undefined;
  }
}

function makerOf<Profile>(
  credentials: string,
  fetch: (profile: Profile, outbound: Outbound, now: number) => Promise<FetchedToken>,
  profile: Profile,
): TokenMaker {
  return { credentials, fetch: (outbound, now) => fetch(profile, outbound, now) };
}
