import { isRecord } from "../../ui/json.ts";

/** The makers whose profiles are kept by name. */
export const makers = ["hms", "honor", "mi", "oppo", "vivo", "meizu"] as const;

/** How a secret that is set is shown. */
const HIDDEN = "***";

/** What is known of one key: its values without secrets, and the names of the secrets that are set. */
export interface KeyFacts {
  values: [name: string, value: string][];
  secrets: string[];
}

/** Splits the fields of a provider's setting. Fields that are not set are left out. */
export function keyFacts(fields: Record<string, unknown>): KeyFacts {
  const facts: KeyFacts = { values: [], secrets: [] };
  for (const [name, value] of Object.entries(fields)) {
    if (value === HIDDEN) facts.secrets.push(name);
    else if (typeof value === "string" && value !== "") facts.values.push([name, value]);
    else if (typeof value === "number") facts.values.push([name, String(value)]);
  }
  return facts;
}

/** The profiles of a maker, the default one first. */
export function profilesIn(setting: unknown): { name: string; facts: KeyFacts }[] {
  if (!isRecord(setting)) return [];
  return Object.entries(setting)
    .flatMap(([name, fields]) => (isRecord(fields) ? [{ name, facts: keyFacts(fields) }] : []))
    .sort((one, other) => Number(other.name === "_default") - Number(one.name === "_default"));
}

/** The id in the name of a file from Apple: `AuthKey_ABC1234567.p8`. */
export const keyIdIn = (fileName: string): string | undefined => /^AuthKey_(\w+)\.p8$/.exec(fileName)?.[1];

/** Bundle ids as they are typed: one a line, or with commas or blanks between them. */
export const topicsIn = (typed: string): string[] => typed.split(/[\s,，]+/).filter((topic) => topic !== "");
