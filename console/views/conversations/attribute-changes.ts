import { isRecord } from "../../ui/json.ts";

/** What the server keeps by itself, or what other requests change. */
const FIXED = new Set(
  "objectId createdAt updatedAt m mu c lm sys tr unique uniqueId conv_type ACL temp".split(" "),
);

/** The fields of a row that can be edited. */
export const editable = (row: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(row).filter(([name]) => !FIXED.has(name)));

/**
 * Only what differs, so that what others changed meanwhile stays: fields of `attr` each by its own path. A field that is
 * gone is taken away.
 */
export function attributeChanges(
  before: Record<string, unknown>,
  after: Record<string, unknown>,
): Record<string, unknown> {
  const { attr: former, ...ownBefore } = before;
  const { attr, ...ownAfter } = after;
  const own = differences(ownBefore, ownAfter);
  const arePaths = isRecord(former) && isRecord(attr) && [former, attr].every(isPathable);
  const within = arePaths
    ? differences(former, attr).map(([name, value]) => [`attr.${name}`, value] as const)
    : differences(onlyAttr(before), onlyAttr(after));
  return Object.fromEntries([...own, ...within]);
}

const onlyAttr = (row: Record<string, unknown>): Record<string, unknown> =>
  "attr" in row ? { attr: row.attr } : {};

/** Whether every name can stand in a path. */
const isPathable = (value: object): boolean => Object.keys(value).every((name) => /^[^.$]+$/.test(name));

function differences(
  before: Record<string, unknown>,
  after: Record<string, unknown>,
): (readonly [name: string, value: unknown])[] {
  const changed = Object.entries(after).filter(([name, value]) => !isSame(before[name], value));
  const gone = Object.keys(before).filter((name) => !Object.hasOwn(after, name));
  return [...changed, ...gone.map((name) => [name, { __op: "Delete" }] as const)];
}

function isSame(one: unknown, other: unknown): boolean {
  if (Array.isArray(one) && Array.isArray(other))
    return one.length === other.length && one.every((each, index) => isSame(each, other[index]));
  if (!isRecord(one) || !isRecord(other)) return Object.is(one, other);
  const names = Object.keys(one);
  return names.length === Object.keys(other).length && names.every((name) => isSame(one[name], other[name]));
}
