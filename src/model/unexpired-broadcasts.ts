/**
 * The broadcasts to everybody that clients which log in still get, by service conversation: when each was sent and until
 * when it is valid (ms). One that ends before a later one of its service is left out: who gets the later one finds it.
 */
export type UnexpiredBroadcasts = Readonly<Record<string, readonly ListedBroadcast[]>>;

export interface ListedBroadcast {
  at: number;
  validTill: number;
}

/** The services with a broadcast after a time that is valid at `now` (ms). */
export function servicesWithNews(unexpired: UnexpiredBroadcasts, after: number, now: number): string[] {
  return Object.entries(unexpired)
    .filter(([, broadcasts]) => broadcasts.some(({ at, validTill }) => at > after && validTill > now))
    .map(([conversationId]) => conversationId);
}

/** When the newest one of all was sent that is valid at `now` (ms); undefined if there is none. */
export function newestBroadcast(unexpired: UnexpiredBroadcasts, now: number): number | undefined {
  const valid = Object.values(unexpired).flatMap((broadcasts) =>
    broadcasts.filter(({ validTill }) => validTill > now).map(({ at }) => at),
  );
  return valid.length === 0 ? undefined : Math.max(...valid);
}

/** Of one service's broadcasts, those that have to be listed. @param broadcasts the oldest first */
export function listed(broadcasts: readonly ListedBroadcast[]): ListedBroadcast[] {
  return broadcasts.filter(
    ({ validTill }, at) => !broadcasts.slice(at + 1).some((later) => later.validTill >= validTill),
  );
}
