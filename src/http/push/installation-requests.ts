import type { Env } from "../../bindings.ts";
import { OWNERS_QUERY_LONGEST } from "../../bounds.ts";
import { installationsById, removeInstallations } from "../../database/installations/installations.ts";
import { countInstallations, findInstallations } from "../../database/installations/query.ts";
import { type SaveResult, saveInstallation } from "../../database/installations/save.ts";
import { sliceSizeOf } from "../../database/where/owner-query-slices.ts";
import { isQueryRefusal, type QueryRefusal } from "../../database/where/query-refusal.ts";
import { addressLimits } from "../../gateway/limits/address-limits.ts";
import type { JsonObject } from "../../model/json.ts";
import { toIsoTime } from "../../protocol/encode.ts";
import { changeInstallation, namesIn } from "../../push/installation-changes.ts";
import { installationJson } from "../../push/installation-json.ts";
import { INSTALLATIONS_PER_ADDRESS } from "../../request-bounds.ts";
import { INVALID_FIELD, INVALID_QUERY } from "../errors.ts";
import { awaitCall } from "../object-call.ts";
import { secondsUntil } from "../quota.ts";
import { type ApiResponse, invalid, notThere } from "../response.ts";

/** The operations on installations, for single requests and for parts of a batch. */

const LIMIT_DEFAULT = 100;
const LIMIT_MAX = 1_000;
const SKIP_MAX = 100_000;

/** The caller that saves installations: the app's server, or a holder of the app key at an address. */
export type Saver = { isOwner: true } | { isOwner: false; countedAs: string | undefined };

const tooMany: ApiResponse = {
  status: 429,
  failure: { code: 429, error: "Too many installations were saved lately; try again later." },
};

/** Adds an installation, or changes the one with this id or the device names in the changes (N-01). */
export async function storeInstallation(
  env: Env,
  { id, changes, full }: { id: string | undefined; changes: JsonObject; full: boolean },
  saver: Saver,
): Promise<ApiResponse> {
  const now = Date.now();
  const { isOwner } = saver;
  if (!isOwner && !addressLimits.take(saver.countedAs, "installations", 1, INSTALLATIONS_PER_ADDRESS, now))
    return tooMany;
  const saved = await awaitCall(
    saveInstallation(env.DB, {
      names: { ...namesIn(changes), id },
      takesId: isOwner,
      change: (before) => changeInstallation(before, changes),
      now,
      admits: async () => isOwner || (await secondsUntil(env, "installations")) === undefined,
    }),
    "saving an installation",
  );
  switch (saved.outcome) {
    case "missing":
      return notThere;
    case "not admitted":
      return tooMany;
    case "refused":
      return invalid(INVALID_FIELD, saved.why);
    default:
      return { status: saved.outcome === "created" ? 201 : 200, body: full ? whole(saved) : inShort(saved) };
  }
}

type Done = Extract<SaveResult, { installation: object }>;

/**
 * The installation without the clients that are logged in there among the channels: SDKs keep the response and send all
 * of it with the next save, when some of the clients may have logged out (P-12).
 */
function whole({ installation, clientIds }: Done): JsonObject {
  const channels = installation.channels.filter((channel) => !clientIds.includes(channel));
  return installationJson({ ...installation, channels });
}

function inShort({ outcome, installation: { id, createdAt, updatedAt } }: Done): JsonObject {
  const created = { objectId: id, createdAt: toIsoTime(createdAt) };
  return outcome === "created" ? created : { ...created, updatedAt: toIsoTime(updatedAt) };
}

/** Reads one installation. */
export async function readInstallation(db: D1Database, id: string): Promise<ApiResponse> {
  const [installation] = await awaitCall(installationsById(db, [id]), "reading an installation");
  return installation === undefined ? notThere : { status: 200, body: installationJson(installation) };
}

export interface InstallationSearch {
  where?: JsonObject | undefined;
  order?: string | undefined;
  limit?: number | undefined;
  skip?: number | undefined;
  count?: boolean | undefined;
}

/** The matching installations, and their number if requested. An absent limit counts as 0 then, as in SDKs. */
export async function searchInstallations(
  env: Pick<Env, "DB" | "SINGLE_MACHINE">,
  asked: InstallationSearch,
): Promise<ApiResponse> {
  const { where = {}, order, limit = LIMIT_DEFAULT, skip = 0, count = false } = asked;
  const size = sliceSizeOf(env);
  const counting = count
    ? await awaitCall(countInstallations(env.DB, where, size), "counting installations", OWNERS_QUERY_LONGEST)
    : 0;
  if (typeof counting !== "number") return unreadable(counting);
  const bounds = {
    limit: limit < 0 ? LIMIT_DEFAULT : Math.min(limit, LIMIT_MAX),
    skip: Math.min(Math.max(skip, 0), SKIP_MAX),
  };
  const query = findInstallations(env.DB, { where, order, ...bounds }, size);
  const found = await awaitCall(query, "querying installations", OWNERS_QUERY_LONGEST);
  if (isQueryRefusal(found)) return unreadable(found);
  const results = found.map(installationJson);
  return { status: 200, body: { results, ...(count && { count: counting }) } };
}

// The code has a field of its own here.
const unreadable = ({ detail }: QueryRefusal) => invalid(INVALID_QUERY, detail.replace(/^102: /, ""));

/** Removes an installation. A missing one is ignored. */
export async function removeInstallation(db: D1Database, id: string): Promise<ApiResponse> {
  await awaitCall(removeInstallations(db, [id]), "removing an installation");
  return { status: 200, body: {} };
}
