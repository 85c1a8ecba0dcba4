import type { Installation } from "../../model/installation.ts";
import { DEFAULT_PROFILE } from "../../settings/vendors/vendor-profiles.ts";

/* What installations say of phones to a maker's service. */

/** Any client may save such an id, and a maker could refuse the whole call for it. */
export function hasPossibleId({ registrationId = "" }: Installation): boolean {
  return /^[\x21-\x7e]{1,2048}$/.test(registrationId);
}

export function profileNameOf({ fields: { deviceProfile } }: Installation): string {
  return typeof deviceProfile === "string" && deviceProfile !== "" ? deviceProfile : DEFAULT_PROFILE;
}

export function vendorOf({ vendor = "" }: Installation): string {
  return vendor.toLowerCase();
}

export function keyFor(installation: Installation): string {
  return keyOf(profileNameOf(installation), vendorOf(installation), installation.registrationId ?? "");
}

/** Tells the devices of one push apart: a registration id counts within its vendor and profile. */
export function keyOf(profileName: string, vendor: string, registrationId: string): string {
  return JSON.stringify([profileName, vendor, registrationId]);
}
