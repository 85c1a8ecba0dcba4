import { toJsonSchema } from "@valibot/to-json-schema";
import * as v from "valibot";
import { isObject, type Json, type JsonObject } from "../../model/json.ts";
import { WHOLE } from "../../settings/merge.ts";

/** What a setting is, as its schema says it. */
export interface SettingDescription {
  /** Its names from the top, with points between them. */
  path: string;
  description: string;
  default: Json;
  /** Whether it may be null, which is something else than its default. */
  nullable: boolean;
  /** Whether the value is shown as `***`. Objects that hold secrets are not secret themselves. */
  secret: boolean;
  /** Whether something else than `PATCH /admin/settings` sets it. */
  read_only: boolean;
  /** Whether a patch replaces the object instead of merging into it. */
  whole: boolean;
  /** The JSON Schema of a value that is not null. */
  schema: JsonObject;
}

type Group = v.GenericSchema & { entries: v.ObjectEntries };

/** Every setting of a schema of groups, in its order. */
export function describeSettings(
  settings: v.GenericSchema,
  above: readonly string[] = [],
): SettingDescription[] {
  if (!isGroup(settings)) throw new Error(`${above.join(".")}: is no group of settings`);
  return Object.entries(settings.entries).flatMap(([name, entry]) => {
    const path = [...above, name];
    const inner = unwrapped(entry, "optional");
    return isGroup(inner) ? describeSettings(inner, path) : [describe(path.join("."), entry, inner)];
  });
}

function describe(path: string, entry: v.GenericSchema, inner: v.GenericSchema): SettingDescription {
  const { description = "", readOnly, ...schema } = jsonOf(unwrapped(inner, "nullable"));
  const said = v.getDescription(inner) ?? description;
  const isReadOnly = readOnly === true || v.getMetadata(inner).readOnly === true;
  return {
    path,
    description: typeof said === "string" ? said : "",
    default: asJson(v.getDefaults(v.object({ value: entry })).value),
    nullable: inner.type === "nullable",
    secret: schema.format === "password",
    read_only: isReadOnly,
    whole: WHOLE.includes(path),
    schema,
  };
}

function isGroup(schema: v.GenericSchema): schema is Group {
  return schema.type === "strict_object" && "entries" in schema;
}

/** What an optional or nullable schema is about; any other schema as it is. */
function unwrapped(schema: v.GenericSchema, type: "optional" | "nullable"): v.GenericSchema {
  return schema.type === type && "wrapped" in schema && isSchema(schema.wrapped) ? schema.wrapped : schema;
}

function isSchema(value: unknown): value is v.GenericSchema {
  return typeof value === "object" && value !== null && "kind" in value && value.kind === "schema";
}

function jsonOf(schema: v.GenericSchema): JsonObject {
  const { $schema, ...described } = toJsonSchema(schema, { typeMode: "input", errorMode: "ignore" });
  const json = asJson(described);
  return isObject(json) ? json : {};
}

/** The value as JSON has it: without what is undefined. */
const asJson = (value: unknown): Json => (value === undefined ? null : JSON.parse(JSON.stringify(value)));
