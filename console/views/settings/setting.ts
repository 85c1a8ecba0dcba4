import { isRecord, parseJson } from "../../ui/json.ts";
import { linesOf } from "./lines.ts";

/* One setting: what it is edited with, and what was typed for it. */

/** A setting as `GET /admin/settings/description` tells it. */
export interface Setting {
  /** Its names from the top, with points between them. */
  path: string;
  description: string;
  default: unknown;
  nullable: boolean;
  secret: boolean;
  read_only: boolean;
  whole: boolean;
  /** The JSON Schema of a value that is not null. */
  schema: Record<string, unknown>;
}

/** What a setting is edited with. `fixed` is shown alone: another part of the API sets it. */
export type Control =
  | "switch"
  | "choice"
  | "number"
  | "secret"
  | "line"
  | "lines"
  | "checks"
  | "json"
  | "fixed";

export function controlOf({ read_only, secret, schema }: Setting): Control {
  if (read_only) return "fixed";
  if (secret) return "secret";
  switch (schema.type) {
    case "boolean":
      return "switch";
    case "integer":
    case "number":
      return "number";
    case "string":
      return choicesOf(schema).length > 0 ? "choice" : "line";
    case "array": {
      const items = isRecord(schema.items) ? schema.items : {};
      if (items.type !== "string") return "fixed";
      return choicesOf(items).length > 0 ? "checks" : "lines";
    }
    default:
      return "json";
  }
}

const choicesOf = (schema: Record<string, unknown>): string[] =>
  Array.isArray(schema.enum) ? schema.enum.filter((each) => typeof each === "string") : [];

/** The values among which one chooses one, or several. */
export const choices = ({ schema }: Setting): string[] =>
  choicesOf(schema.type === "array" && isRecord(schema.items) ? schema.items : schema);

/** The least and the greatest number. */
export function rangeOf({
  schema: { minimum, maximum },
}: Setting): [least: number, most: number] | undefined {
  return typeof minimum === "number" && typeof maximum === "number" ? [minimum, maximum] : undefined;
}

/** Whether a value of it has secrets inside, which are shown as `***`. */
export const holdsSecrets = ({ schema }: Setting): boolean =>
  schema.format !== "password" && JSON.stringify(schema).includes('"format":"password"');

/** A setting's value within all of them; undefined where there is none. */
export const valueAt = (settings: unknown, path: string): unknown =>
  path.split(".").reduce<unknown>((group, name) => (isRecord(group) ? group[name] : undefined), settings);

/** A value as one types it. A secret that is set is not shown. */
export function typedOf(setting: Setting, value: unknown): string {
  const control = controlOf(setting);
  if (value === null || value === undefined || control === "secret") return "";
  if (Array.isArray(value) && (control === "lines" || control === "checks")) return value.join("\n");
  return typeof value === "string" ? value : JSON.stringify(value, null, 2);
}

/** Why a text is no value of a setting. */
export type Problem =
  | { kind: "number"; range: [least: number, most: number] | undefined }
  | { kind: "empty" }
  | { kind: "long"; most: number }
  | { kind: "form" }
  | { kind: "json"; place: string }
  | { kind: "object" };

/** What was typed: a value, or why it is none. */
export type Reading = { value: unknown } | { problem: Problem };

/** Reads what was typed. It finds what the schema says; the server has the last word. */
export function readTyped(setting: Setting, typed: string): Reading {
  const { nullable, schema } = setting;
  const text = typed.trim();
  const control = controlOf(setting);
  if (nullable && text === "") return { value: null };
  switch (control) {
    case "switch":
      return { value: text === "true" };
    case "number": {
      const range = rangeOf(setting);
      const value = Number(text);
      const isIn = range === undefined || (value >= range[0] && value <= range[1]);
      return /^-?\d+$/.test(text) && isIn ? { value } : { problem: { kind: "number", range } };
    }
    case "lines":
    case "checks": {
      const items = linesOf(text);
      const problem = items.map((item) => textProblem(item, schema.items)).find((each) => each !== undefined);
      if (problem !== undefined) return { problem };
      const { maxItems } = schema;
      if (typeof maxItems === "number" && items.length > maxItems)
        return { problem: { kind: "long", most: maxItems } };
      return { value: items };
    }
    case "json": {
      const parsed = parseJson(text);
      if (!parsed.isJson) return { problem: { kind: "json", place: parsed.problem } };
      return isRecord(parsed.value) ? { value: parsed.value } : { problem: { kind: "object" } };
    }
    default: {
      // A secret may begin with a space.
      const value = control === "secret" ? typed : text;
      const problem = textProblem(value, schema);
      return problem === undefined ? { value } : { problem };
    }
  }
}

function textProblem(text: string, schema: unknown): Problem | undefined {
  if (!isRecord(schema)) return undefined;
  const { minLength, maxLength, pattern } = schema;
  if (typeof minLength === "number" && text.length < minLength) return { kind: "empty" };
  if (typeof maxLength === "number" && text.length > maxLength) return { kind: "long", most: maxLength };
  if (typeof pattern === "string" && !new RegExp(pattern).test(text)) return { kind: "form" };
  return undefined;
}
