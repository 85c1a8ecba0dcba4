const MINUTE = 60_000; // ms

const logged = new Map<string, { at: number; omitted: number }>();

/**
 * Logs a line at most once a minute for each kind, in this isolate, with the number of lines left out since. For events
 * that are no failures and may happen with every message.
 *
 * @param kind one of a few
 * @param now ms
 */
export function logOncePerMinute(kind: string, line: string, now: number): void {
  const last = logged.get(kind);
  if (last !== undefined && now - last.at < MINUTE) {
    last.omitted += 1;
    return;
  }
  const more = last === undefined || last.omitted === 0 ? "" : ` (and ${last.omitted} more like it since)`;
  logged.set(kind, { at: now, omitted: 0 });
  console.info(`${line}${more}`);
}
