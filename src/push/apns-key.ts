import type { Installation } from "../model/installation.ts";
import type { Settings } from "../settings/schema.ts";
import type { Push } from "./push-work.ts";

/** One of Apple's authentication keys in the settings. */
export type ApnsKey = Settings["push"]["apns"]["keys"][number];

/** The key and topic for a device, or the reason that there is none. */
export type ApnsRoute = { key: ApnsKey; topic: string } | { problem: string };

/**
 * Finds a device's key (P-16): one of its team that lists its topic, else the first of its team, else, if its team is
 * unknown, the first of all. A device of another team than the push's has no key: Apple would report its token as bad.
 */
export function apnsRouteOf(
  keys: readonly ApnsKey[],
  { fields }: Installation,
  { teamId, topic: pushTopic }: Push,
): ApnsRoute {
  const ownTeam = textOf(fields.apnsTeamId);
  if (teamId !== undefined && ownTeam !== undefined && ownTeam !== teamId) {
    return { problem: `a device of another team: ${ownTeam}` };
  }
  const team = teamId ?? ownTeam;
  const topic = textOf(fields.apnsTopic) ?? pushTopic;
  const ofTeam = team === undefined ? keys : keys.filter((key) => key.teamId === team);
  const listing = topic === undefined ? undefined : ofTeam.find(({ topics }) => topics.includes(topic));
  const key = listing ?? ofTeam[0];
  if (key === undefined)
    return { problem: team === undefined ? "no APNs key" : `no APNs key of team ${team}` };
  const usedTopic = topic ?? key.topics[0];
  if (usedTopic === undefined) return { problem: `no topic for APNs key ${key.keyId}` };
  return /^[!-~]+$/.test(usedTopic) ? { key, topic: usedTopic } : { problem: "a topic that no app can have" };
}

/** Installations hold the apps' own data. */
function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
