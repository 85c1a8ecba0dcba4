import * as v from "valibot";
import { address, group, secret } from "../value-schemas.ts";

/* What the settings of all phone makers' push services have in common (N-14). */

/** The profile of devices that name none. */
export const DEFAULT_PROFILE = "_default";

const PROFILES_MAX = 100;
const TEXT_MAX = 256; // characters

/** An app's account at a vendor. */
export interface VendorProfile {
  /** A server in place of the vendor's, such as one of another region. */
  url: string | null;
  /** The same for access tokens, at vendors that have another address for them. */
  authUrl?: string | null;
  /** The same for phones that registered abroad, at vendors that have another server for them. */
  abroadUrl?: string | null;
}

/** An app's accounts at one vendor by their names, or none. */
export type VendorProfiles<Profile extends VendorProfile = VendorProfile> = Readonly<Record<string, Profile>>;

/** A vendor's profiles by name. A patch replaces only the fields that it names, so a secret need not be sent again. */
export const profilesOf = <Entries extends v.ObjectEntries>(entries: Entries) => {
  const name = "must be a profile's name: 1 to 64 letters, digits, _ or -";
  const profile = group({ ...entries, url: v.optional(v.nullable(address()), null) });
  return v.pipe(
    v.record(
      v.pipe(v.string(name), v.regex(/^[\w-]{1,64}$/, name)),
      profile,
      "must be an object of profiles",
    ),
    v.maxEntries(PROFILES_MAX, `must have at most ${PROFILES_MAX} profiles`),
  );
};

const AS_SHOWN = "as the vendor's console shows it";

/** A name, id or key from a vendor's console or documents. */
export const consoleText = () => {
  const problem = `must be a text of 1 to ${TEXT_MAX} characters without blanks, ${AS_SHOWN}`;
  return v.pipe(v.string(problem), v.maxLength(TEXT_MAX, problem), v.regex(/^[\x21-\x7e]+$/, problem));
};

/** A class, channel or template that the vendor defines; empty is none. A patch sets it so, since null is the default. */
export const consoleChoice = () => {
  const problem = `must be a text of at most ${TEXT_MAX} characters without blanks, or empty`;
  return v.pipe(v.string(problem), v.regex(/^[\x21-\x7e]{0,256}$/, problem));
};

/** An id of digits. */
export const consoleNumber = () => {
  const problem = `must be a text of 1 to 20 digits, ${AS_SHOWN}`;
  return v.pipe(v.string(problem), v.regex(/^\d{1,20}$/, problem));
};

/** A key that is never shown again: its field is to be in the list of secrets, too. */
export const consoleSecret = () => v.pipe(secret(TEXT_MAX), consoleText());

/** The name of a variable in a vendor's template, which may be Chinese; null has no such variable. */
export const variableName = () => {
  const problem = "must be the name of one of the template's variables";
  return v.optional(
    v.nullable(v.pipe(v.string(problem), v.maxLength(64, problem), v.regex(/^[^\s${}]+$/, problem))),
    null,
  );
};

/** A profile's server, else the vendor's own; without a slash at the end. */
export function serverAt(url: string | null | undefined, own: string): string {
  return (url ?? own).replace(/\/+$/, "");
}

/** The profile with a name; undefined if there is none. */
export function profileNamed<Profile extends VendorProfile>(
  profiles: VendorProfiles<Profile>,
  name: string,
): Profile | undefined {
  return Object.hasOwn(profiles, name) ? profiles[name] : undefined;
}
