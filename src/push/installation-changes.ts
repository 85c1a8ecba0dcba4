import * as v from "valibot";
import type { InstallationContent } from "../database/installations/save.ts";
import type { InstallationNames } from "../database/installations/write.ts";
import { segmentsOf } from "../database/where/query-table.ts";
import { isClientId } from "../model/client-id.ts";
import type { Json, JsonObject } from "../model/json.ts";
import { setPath } from "../protocol/field-operations.ts";
import { plain } from "../protocol/written-number.ts";

/** Bytes of JSON of the whole installation. */
const SIZE_MAX = 65_536;
const CHANNELS_MAX = 1_000;

/** Fields that callers send and that the service sets itself or does not use. */
const IGNORED = new Set(["objectId", "createdAt", "updatedAt", "className"]);
/** Some SDKs write an empty text for an unknown value. */
const NAMES = new Set(["deviceToken", "installationId", "registrationId", "vendor"]);

const text = (most: number) =>
  v.pipe(v.string("must be a text"), v.maxLength(most, `must have at most ${most} characters`));
const name = (most: number) => v.optional(text(most));

/** Client ids are channels too, so both allow the same texts (N-03, P-12). */
const channels = v.optional(
  v.pipe(
    v.array(v.string("must be a text"), "must be a list of texts"),
    v.transform((names) => [...new Set(names.filter((each) => each !== ""))]),
    v.maxLength(CHANNELS_MAX, `must have at most ${CHANNELS_MAX} entries`),
    v.everyItem(
      (each) => isClientId(each) && each.isWellFormed(),
      "must have 1 to 64 characters each, and no control characters",
    ),
  ),
  [],
);

const count = "must be a whole number that is not negative";

const known = v.objectWithRest(
  {
    deviceType: v.pipe(v.optional(text(64), ""), v.minLength(1, "is required")),
    deviceToken: name(1_024),
    installationId: name(256),
    registrationId: name(4_096),
    vendor: name(64),
    channels,
    valid: v.optional(v.boolean("must be true or false"), true),
    badge: v.optional(v.pipe(v.number(count), v.safeInteger(count), v.minValue(0, count)), 0),
    // Fields that pushes read.
    timeZone: v.optional(text(256)),
    apnsTopic: v.optional(text(256)),
    apnsTeamId: v.optional(text(256)),
    deviceProfile: v.optional(text(256)),
  },
  v.custom<Json>(() => true),
);

/** The device names in the changes. */
export function namesIn({ deviceToken, installationId, registrationId }: JsonObject): InstallationNames {
  const named = (value: Json | undefined) => (typeof value === "string" && value !== "" ? value : undefined);
  return {
    deviceToken: named(deviceToken),
    installationId: named(installationId),
    registrationId: named(registrationId),
  };
}

/**
 * Applies changes to an installation, or to a new one (N-01): values by field or path, null to remove, or operations
 * (`Delete`, `Add`, `AddUnique`, `Remove`, `Increment`). Fields that the service sets are ignored.
 */
export function changeInstallation(
  before: InstallationContent | undefined,
  changes: JsonObject,
): InstallationContent | { refused: string } {
  const tree = treeOf(before);
  for (const [path, change] of Object.entries(changes)) {
    const segments = segmentsOf(path);
    const top = segments?.[0];
    if (IGNORED.has(path) || path.startsWith("__") || (change === "" && NAMES.has(path))) continue;
    if (segments === undefined || top === undefined) return { refused: `${path}: not the name of a field` };
    // It is a capability, which only a client's own session can set.
    if (top === "subscription") return { refused: "subscription: is set by registering the browser" };
    const outcome = setPath(tree, segments, change ?? { __op: "Delete" });
    if (typeof outcome === "string") return { refused: `${path}: ${outcome}` };
  }
  if (tree.badge !== undefined) tree.badge = plain(tree.badge);
  const parsed = v.safeParse(known, tree);
  if (!parsed.success) return { refused: problemOf(parsed.issues) };
  const { deviceType, deviceToken, installationId, registrationId, vendor, ...rest } = parsed.output;
  const { channels, valid, badge, ...fields } = rest;
  const names = { deviceType, deviceToken, installationId, registrationId, vendor };
  if ((deviceToken ?? installationId ?? registrationId) === undefined)
    return { refused: "deviceToken or installationId is required" };
  const subscription = before?.subscription;
  if (subscription && (deviceToken !== before?.deviceToken || deviceType !== before?.deviceType))
    return { refused: "deviceToken and deviceType: are those of the browser's subscription" };
  const own: JsonObject = withoutUndefined(fields);
  const after = { ...names, channels, valid, badge, subscription, fields: own };
  if (new TextEncoder().encode(JSON.stringify(after)).length > SIZE_MAX)
    return { refused: `an installation has at most ${SIZE_MAX} bytes` };
  return after;
}

/** All changeable fields as one object, so that paths mean the same everywhere. */
function treeOf(before: InstallationContent | undefined): JsonObject {
  if (before === undefined) return {};
  const { deviceType, deviceToken, installationId, registrationId, vendor, channels, valid, badge } = before;
  const names = { deviceType, deviceToken, installationId, registrationId, vendor };
  return structuredClone(withoutUndefined({ ...before.fields, ...names, channels, valid, badge }));
}

function problemOf([issue]: [v.BaseIssue<unknown>, ...v.BaseIssue<unknown>[]]): string {
  const [top] = v.getDotPath(issue)?.split(".") ?? [];
  return top === undefined ? issue.message : `${top}: ${issue.message}`;
}

function withoutUndefined(fields: Record<string, Json | undefined>): JsonObject {
  const said = Object.entries(fields).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value]],
  );
  return Object.fromEntries(said);
}
