import { isObject, type Json, type JsonObject } from "../model/json.ts";
import type { Settings } from "./schema.ts";
import { withoutSecrets } from "./secrets.ts";

/** A value as it was and as it is; undefined where there is none. */
interface Both {
  before: Json | undefined;
  after: Json | undefined;
}

/** The settings that differ, as they were and as they are. Of a secret only that it differs is told. */
export function changesBetween(before: Settings, after: Settings): { before: Json; after: Json } {
  const real = { before: jsonOf(before), after: jsonOf(after) };
  const shown = { before: jsonOf(withoutSecrets(before)), after: jsonOf(withoutSecrets(after)) };
  const changes = different(real, shown);
  return { before: changes?.before ?? {}, after: changes?.after ?? {} };
}

/** The parts of two values that differ, as they are shown; undefined if none does. */
function different(real: Both, shown: Both): Both | undefined {
  if (JSON.stringify(real.before) === JSON.stringify(real.after)) return undefined;
  const sides = [real.before, real.after, shown.before, shown.after];
  if (!sides.every(isObject)) return shown;
  const before: JsonObject = {};
  const after: JsonObject = {};
  for (const name of new Set(sides.flatMap((side) => Object.keys(side)))) {
    const inner = different(at(real, name), at(shown, name));
    if (inner?.before !== undefined) before[name] = inner.before;
    if (inner?.after !== undefined) after[name] = inner.after;
  }
  return { before, after };
}

function at({ before, after }: Both, name: string): Both {
  const inside = (value: Json | undefined) => (isObject(value) ? value[name] : undefined);
  return { before: inside(before), after: inside(after) };
}

const jsonOf = (settings: Settings): Json => JSON.parse(JSON.stringify(settings));
