import * as v from "valibot";
import { type VendorName, vendorNames } from "../../model/provider-name.ts";
import { described, HIDDEN } from "../value-schemas.ts";
import { honorSettings, huaweiSettings } from "./huawei-settings.ts";
import { meizuSettings } from "./meizu-settings.ts";
import { oppoSettings } from "./oppo-settings.ts";
import { DEFAULT_PROFILE, type VendorProfile, type VendorProfiles } from "./vendor-profiles.ts";
import { vivoSettings } from "./vivo-settings.ts";
import { xiaomiSettings } from "./xiaomi-settings.ts";

/** The settings of all phone makers' push services, each an object of profiles by name (N-14). */
export const vendorSettings = () => ({
  hms: v.optional(
    described(
      "Accounts at Huawei's push service, by profile; devices that name none have `_default`.",
      huaweiSettings(),
    ),
    {},
  ),
  honor: v.optional(
    described(
      "Accounts at Honor's push service, by profile; devices that name none have `_default`.",
      honorSettings(),
    ),
    {},
  ),
  oppo: v.optional(
    described(
      "Accounts at OPPO's push service, by profile; devices that name none have `_default`.",
      oppoSettings(),
    ),
    {},
  ),
  vivo: v.optional(
    described(
      "Accounts at vivo's push service, by profile; devices that name none have `_default`.",
      vivoSettings(),
    ),
    {},
  ),
  mi: v.optional(
    described(
      "Accounts at Xiaomi's push service, by profile; devices that name none have `_default`.",
      xiaomiSettings(),
    ),
    {},
  ),
  meizu: v.optional(
    described(
      "Accounts at Meizu's push service, by profile; devices that name none have `_default`.",
      meizuSettings(),
    ),
    {},
  ),
});

type Schemas = ReturnType<typeof vendorSettings>;
/** A vendor that has settings. */
export type VendorWithSettings = keyof Schemas;
export type VendorSettings = { [Name in VendorWithSettings]: v.InferOutput<Schemas[Name]> };
/** One profile of a vendor. */
export type ProfileOf<Name extends VendorWithSettings> = VendorSettings[Name][string];

/** The fields of each vendor's profiles that are never shown. */
const SECRETS: Record<VendorWithSettings, readonly string[]> = {
  hms: ["appSecret"],
  honor: ["clientSecret"],
  oppo: ["masterSecret"],
  vivo: ["appSecret"],
  mi: ["appSecret"],
  meizu: ["appSecret"],
};

/** The vendors' settings for display: with the names of secrets in place of the secrets. */
export function withoutVendorSecrets(settings: VendorSettings): VendorSettings {
  return {
    hms: hidden("hms", settings.hms),
    honor: hidden("honor", settings.honor),
    oppo: hidden("oppo", settings.oppo),
    vivo: hidden("vivo", settings.vivo),
    mi: hidden("mi", settings.mi),
    meizu: hidden("meizu", settings.meizu),
  };
}

/** The values of a profile that are never shown. */
export function secretsOf(name: VendorWithSettings, profile: object): string[] {
  const hidden = SECRETS[name];
  return Object.entries(profile).flatMap(([field, value]) =>
    hidden.includes(field) && typeof value === "string" ? [value] : [],
  );
}

function hidden<Profile extends object>(
  name: VendorWithSettings,
  profiles: Record<string, Profile>,
): Record<string, Profile> {
  const secrets = Object.fromEntries(SECRETS[name].map((field) => [field, HIDDEN]));
  return Object.fromEntries(
    Object.entries(profiles).map(([profile, fields]) => [profile, { ...fields, ...secrets }]),
  );
}

/** The addresses of all profiles, by their settings' names. */
export function vendorAddresses(settings: VendorSettings): Record<string, string | null> {
  const each = profilesByVendor(settings).flatMap(([vendor, profiles]) =>
    Object.entries(profiles).flatMap(
      ([name, { url, authUrl = null, abroadUrl = null }]): [string, string | null][] => [
        [`push.${vendor}.${name}.url`, url],
        [`push.${vendor}.${name}.authUrl`, authUrl],
        [`push.${vendor}.${name}.abroadUrl`, abroadUrl],
      ],
    ),
  );
  return Object.fromEntries(each);
}

/** Vendors whose profiles cannot work together: devices that name no profile have the default one. */
export function profileProblems(settings: VendorSettings): string[] {
  return profilesByVendor(settings).flatMap(([vendor, profiles]) => {
    const isUsable = Object.keys(profiles).length === 0 || Object.hasOwn(profiles, DEFAULT_PROFILE);
    return isUsable ? [] : [`push.${vendor}: needs a profile named ${DEFAULT_PROFILE}`];
  });
}

/** Whether a path in the settings is that of a vendor's profiles, or leads into them. */
export function isOfProfiles([top, vendor]: readonly string[]): boolean {
  return top === "push" && vendorNames.some((name) => name === vendor);
}

function profilesByVendor({
  hms,
  honor,
  oppo,
  vivo,
  mi,
  meizu,
}: VendorSettings): [VendorName, VendorProfiles<VendorProfile>][] {
  return [
    ["hms", hms],
    ["honor", honor],
    ["oppo", oppo],
    ["vivo", vivo],
    ["mi", mi],
    ["meizu", meizu],
  ];
}
