import * as v from "valibot";
import type { VendorName } from "../src/model/provider-name.ts";
import { DEFAULT_PROFILE } from "../src/settings/vendors/vendor-profiles.ts";
import { vendorSettings } from "../src/settings/vendors/vendor-settings.ts";
import type { Admin } from "./admin.ts";
import { Refusal } from "./options.ts";

/* Profiles of phone makers' push services. */

const text = { type: "string" } as const;

/** A flag for each field of a maker's settings, and its own. */
export const vendorFlags = {
  "app-id": text,
  "app-key": text,
  "app-secret": text,
  "master-secret": text,
  "client-id": text,
  "client-secret": text,
  package: text,
  category: text,
  classification: text,
  importance: text,
  "notice-msg-type": text,
  "notify-level": text,
  "push-mode": text,
  "channel-id": text,
  "template-id": text,
  "title-param": text,
  "content-param": text,
  "body-param": text,
  click: text,
  intent: text,
  "intent-host": text,
  activity: text,
  "badge-class": text,
  "refused-text": text,
  region: text,
  url: text,
  "auth-url": text,
  "abroad-url": text,
  profile: text,
  remove: { type: "boolean", default: false },
} as const;

export type VendorFlag = keyof typeof vendorFlags;
type Values = { [Flag in VendorFlag]?: string | boolean | undefined };
/** A flag that stands for a field. */
type FieldFlag = Exclude<VendorFlag, "profile" | "remove">;

interface Maker {
  name: string;
  flags: readonly FieldFlag[];
  /** Of these, the secret: it can also come from the environment. */
  secret: FieldFlag;
  /** Those whose value is a number. */
  numbers?: readonly FieldFlag[];
}

/** The makers by their names in the settings, each with its fields. */
export const makers: Record<VendorName, Maker> = {
  hms: {
    name: "Huawei",
    flags: ["app-id", "app-secret", "category", "click", "intent-host", "badge-class", "url", "auth-url"],
    secret: "app-secret",
  },
  honor: {
    name: "Honor",
    flags: [
      ...(["app-id", "client-id", "client-secret", "importance", "click"] as const),
      ...(["intent-host", "badge-class", "url", "auth-url"] as const),
    ],
    secret: "client-secret",
  },
  mi: {
    name: "Xiaomi",
    flags: [
      ...(["app-secret", "package", "channel-id", "template-id", "title-param", "body-param"] as const),
      ...(["activity", "click", "region", "url"] as const),
    ],
    secret: "app-secret",
  },
  oppo: {
    name: "OPPO",
    flags: [
      ...(["app-key", "master-secret", "channel-id", "category", "notify-level", "template-id"] as const),
      ...(["title-param", "content-param", "activity", "url", "abroad-url"] as const),
    ],
    secret: "master-secret",
    numbers: ["notify-level"],
  },
  vivo: {
    name: "vivo",
    flags: [
      ...(["app-id", "app-key", "app-secret", "classification", "category", "push-mode"] as const),
      ...(["intent", "refused-text", "url"] as const),
    ],
    secret: "app-secret",
    numbers: ["classification", "push-mode"],
  },
  meizu: {
    name: "Meizu",
    flags: ["app-id", "app-secret", "notice-msg-type", "url"],
    secret: "app-secret",
    numbers: ["notice-msg-type"],
  },
};

/** Stores a maker's profile, or those of its fields that are given, or removes it; the text to print. */
export async function changeProfile(
  admin: Admin,
  vendor: VendorName,
  values: Values,
  environment: NodeJS.ProcessEnv,
): Promise<string> {
  const profile = String(values.profile || DEFAULT_PROFILE);
  const { name } = makers[vendor];
  if (values.remove === true) {
    await admin.ask("PATCH", "/admin/settings", { push: { [vendor]: { [profile]: null } } });
    return `Removed the profile ${profile} of ${name}.`;
  }
  const fields = fieldsIn(vendor, values, environment);
  if (Object.keys(fields).length === 0)
    throw new Refusal(`Nothing to set: npm run push -- ${vendor} takes ${flagsOf(vendor)}.`, 2);
  const problem = problemIn(vendor, profile, fields);
  if (problem !== undefined) throw new Refusal(`${problem} Nothing was sent.`, 1);
  await admin.ask("PATCH", "/admin/settings", { push: { [vendor]: { [profile]: fields } } });
  return `Stored ${profileLine(vendor, profile, fields)} of ${name}.`;
}

/** A profile without its secret, for people. */
export function profileLine(vendor: VendorName, profile: string, fields: object): string {
  const secret = fieldOf(makers[vendor].secret);
  const shown = Object.entries(fields).filter(([name, value]) => name !== secret && value !== null);
  return [`the profile ${profile}`, ...shown.map(([name, value]) => `${name} ${value}`)].join(", ");
}

function fieldsIn(
  vendor: VendorName,
  values: Values,
  { PUSH_SECRET: secret }: NodeJS.ProcessEnv,
): Record<string, string | number> {
  const { flags, numbers = [], secret: secretFlag } = makers[vendor];
  return Object.fromEntries(
    flags.flatMap((flag) => {
      const value = values[flag] ?? (flag === secretFlag ? secret || undefined : undefined);
      if (typeof value !== "string") return [];
      return [[fieldOf(flag), numbers.includes(flag) && value.trim() !== "" ? Number(value) : value]];
    }),
  );
}

/** What is wrong with fields as far as it shows without the server; a profile that exists needs not all of them. */
function problemIn(vendor: VendorName, profile: string, fields: object): string | undefined {
  const { issues = [] } = v.safeParse(v.record(v.string(), vendorSettings()[vendor]), {
    it: { [profile]: fields },
  });
  const issue = issues.find(({ input }) => input !== undefined);
  if (issue === undefined) return undefined;
  const field = String(issue.path?.at(-1)?.key ?? "");
  const flag = makers[vendor].flags.find((each) => fieldOf(each) === field) ?? "profile";
  return `--${flag} ${issue.message}.`;
}

function flagsOf(vendor: VendorName): string {
  return makers[vendor].flags.map((flag) => `--${flag}`).join(", ");
}

/** The field that a flag stands for: `app-id` is `appId`. */
function fieldOf(flag: FieldFlag): string {
  return flag.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}
