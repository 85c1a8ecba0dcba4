import type { Holder } from "./tags.ts";

/** A login as the rules of single sign-on see it. */
export interface Login {
  tag: string | undefined;
  /** What the device is known by: its own name, and what its token says. */
  deviceIds: readonly [string, ...string[]];
  /** Asked for by a person, not by an SDK that reconnects, and not declining to displace (D-10, D-11). */
  explicit: boolean;
  /** What the token says of its tag; undefined without a token. */
  generation: number | undefined;
}

export type SignOn<Rival> =
  | { admitted: false }
  | {
      admitted: true;
      /** Sessions that are over; an earlier one of the same device has really been lost. */
      displaced: { rival: Rival; sameDevice: boolean }[];
      /** Who holds the tag from now on; undefined without a tag. */
      holder: Holder | undefined;
    };

/**
 * Whether a login may go on beside the other open sessions of its client (I6, D-02 to D-11): an explicit login
 * takes its tag from any other device, an automatic one only replaces an earlier session of its own device.
 */
export function signOn<Rival extends { tag: string | undefined; deviceId: string }>(
  login: Login,
  others: readonly Rival[],
  holder: Holder | undefined,
): SignOn<Rival> {
  const { tag, deviceIds, explicit } = login;
  if (tag === undefined) return { admitted: true, displaced: [], holder: undefined };
  const [deviceId] = deviceIds;
  const generation = holder?.generation ?? 0;
  // Another device took the tag since the token was issued.
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
