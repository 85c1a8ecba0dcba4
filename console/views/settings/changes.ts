import { isRecord, isSame } from "../../ui/json.ts";
import { type Problem, readTyped, type Setting, valueAt } from "./setting.ts";

/* What somebody typed, against the settings as they are, and the patch that comes of it. */

/** What was typed, by the path of the setting. */
export type Typed = Readonly<Record<string, string>>;

/** A setting that gets another value. */
export interface Change {
  setting: Setting;
  before: unknown;
  after: unknown;
}

/** What the typed texts change of these settings, and which of them are no values. */
export function changesOf(
  settings: readonly Setting[],
  values: unknown,
  typed: Typed,
): { changes: Change[]; problems: Map<string, Problem> } {
  const changes: Change[] = [];
  const problems = new Map<string, Problem>();
  for (const setting of settings) {
    const text = typed[setting.path];
    if (text === undefined) continue;
    const reading = readTyped(setting, text);
    if ("problem" in reading) {
      problems.set(setting.path, reading.problem);
      continue;
    }
    const before = valueAt(values, setting.path);
    if (!isSame(before, reading.value)) changes.push({ setting, before, after: reading.value });
  }
  return { changes, problems };
}

/** What differs between two readings of the settings. */
export function differencesOf(settings: readonly Setting[], before: unknown, after: unknown): Change[] {
  return settings
    .map((setting) => ({
      setting,
      before: valueAt(before, setting.path),
      after: valueAt(after, setting.path),
    }))
    .filter((change) => !isSame(change.before, change.after));
}

/** The JSON merge patch that makes the changes. A default is set back, so that it follows later versions. */
export function patchOf(changes: readonly Change[]): Record<string, unknown> {
  const patch: Record<string, unknown> = {};
  for (const change of changes) {
    const names = change.setting.path.split(".");
    const last = names.pop() ?? "";
    let group = patch;
    for (const name of names) {
      const inner = group[name];
      const next = isRecord(inner) ? inner : {};
      group[name] = next;
      group = next;
    }
    group[last] = patchOfOne(change);
  }
  return patch;
}

function patchOfOne({ setting, before, after }: Change): unknown {
  if (isSame(after, setting.default)) return null;
  return setting.whole ? after : mergePatch(before, after);
}

/** The merge patch that makes one value of the other. Secrets that stay `***` are not in it, and so they are kept. */
function mergePatch(before: unknown, after: unknown): unknown {
  if (!isRecord(before) || !isRecord(after)) return after;
  const gone = Object.keys(before).filter((name) => !Object.hasOwn(after, name));
  const differing = Object.entries(after).filter(([name, value]) => !isSame(before[name], value));
  return Object.fromEntries([
    ...differing.map(([name, value]) => [name, mergePatch(before[name], value)] as const),
    ...gone.map((name) => [name, null] as const),
  ]);
}

export const isDefault = (setting: Setting, value: unknown): boolean => isSame(value, setting.default);
