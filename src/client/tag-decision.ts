import type { Holder } from "./tags.ts";

/** The part of a login that the rules of single sign-on need. */
export interface TagRequest {
  tag: string | undefined;
  /** The names of the device: its own, and the one in its token. */
  deviceIds: readonly [string, ...string[]];
  /** A person logs in, not an SDK that reconnects: the login displaces other devices (D-10, D-11). */
  explicit: boolean;
  /** The generation of the tag in the token; undefined without a token. */
  generation: number | undefined;
}

export type TagDecision<Rival> =
  | { admitted: false }
  | {
      admitted: true;
      /** Sessions that are displaced; an earlier one of the same device was lost. */
      displaced: { rival: Rival; sameDevice: boolean }[];
      /** The device that holds the tag from now on; undefined without a tag. */
      holder: Holder | undefined;
    };

/**
 * Whether a login may go on beside the other open sessions of its client (I6, D-02 to D-11): an explicit login
 * takes its tag from any other device, an automatic one only replaces an earlier session of its own device.
 */
export function decideTag<Rival extends { tag: string | undefined; deviceId: string }>(
  login: TagRequest,
  others: readonly Rival[],
  holder: Holder | undefined,
): TagDecision<Rival> {
  const { tag, deviceIds, explicit } = login;
  if (tag === undefined) return { admitted: true, displaced: [], holder: undefined };
  const [deviceId] = deviceIds;
  const generation = holder?.generation ?? 0;
  // Another device has taken the tag since the token was issued.
  if (login.generation !== undefined && login.generation < generation) return { admitted: false };
  const rivals = others.filter((other) => other.tag === tag);
  const displaced = rivals.map((rival) => ({ rival, sameDevice: deviceIds.includes(rival.deviceId) }));
  const elsewhere = displaced.some(({ sameDevice }) => !sameDevice);
  if (!explicit) {
    if (elsewhere) return { admitted: false };
    return { admitted: true, displaced, holder: holder ?? { deviceId, generation } };
  }
  const taken = elsewhere || (holder !== undefined && !deviceIds.includes(holder.deviceId));
  const next = { deviceId, generation: taken ? generation + 1 : generation };
  return { admitted: true, displaced, holder: next };
}
