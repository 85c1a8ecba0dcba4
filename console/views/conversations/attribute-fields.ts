import { isRecord, parseJson } from "../../ui/json.ts";

export const fieldTypes = ["text", "number", "boolean", "json"] as const;
export type FieldType = (typeof fieldTypes)[number];

/** An attribute as it stands in a form. */
export interface AttributeField {
  /** A column, or a field of `attr`: whatever stands behind the first dot is its name, dots included. */
  place: "column" | "attr";
  name: string;
  type: FieldType;
  /** As it is typed. */
  text: string;
}

/** The fields of what can be edited of a conversation: its columns first, then what `attr` has. */
export function fieldsOf(editable: Record<string, unknown>): AttributeField[] {
  const { attr, ...columns } = editable;
  const own = Object.entries(columns).map(([name, value]) => fieldOf("column", name, value));
  if (attr === undefined) return own;
  if (!isRecord(attr)) return [...own, fieldOf("column", "attr", attr)];
  return [...own, ...Object.entries(attr).map(([name, value]) => fieldOf("attr", name, value))];
}

function fieldOf(place: AttributeField["place"], name: string, value: unknown): AttributeField {
  if (typeof value === "string") return { place, name, type: "text", text: value };
  if (typeof value === "number") return { place, name, type: "number", text: String(value) };
  if (typeof value === "boolean") return { place, name, type: "boolean", text: String(value) };
  return { place, name, type: "json", text: JSON.stringify(value) };
}

/** The value of a field, or what is wrong with it: a key of the texts of the form. */
export function readField({
  type,
  text,
}: AttributeField): { value: unknown } | { problem: "number" | "json" } {
  switch (type) {
    case "text":
      return { value: text };
    case "boolean":
      return { value: text === "true" };
    case "number": {
      const value = Number(text);
      return text.trim() === "" || !Number.isFinite(value) ? { problem: "number" } : { value };
    }
    case "json": {
      const parsed = parseJson(text);
      return parsed.isJson ? { value: parsed.value } : { problem: "json" };
    }
  }
}

/** What the fields say together; undefined while one of them has no value. `attr` stays where it was there before. */
export function editedOf(
  fields: readonly AttributeField[],
  hadAttr: boolean,
): Record<string, unknown> | undefined {
  const columns: [string, unknown][] = [];
  const within: [string, unknown][] = [];
  for (const field of fields) {
    const read = readField(field);
    if ("problem" in read) return undefined;
    (field.place === "attr" ? within : columns).push([field.name, read.value]);
  }
  const isOwn = columns.some(([name]) => name === "attr");
  if (!isOwn && (hadAttr || within.length > 0)) columns.push(["attr", Object.fromEntries(within)]);
  return Object.fromEntries(columns);
}
