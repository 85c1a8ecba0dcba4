const MINUTE = 60_000; // ms

const said = new Map<string, { at: number; unsaid: number }>();

/**
 * Says something in the log at most once a minute for each kind, in this isolate, with how often it was not said: for
 * what is no failure, and may be so of every message.
 *
 * @param kind one of a few
 */
export function logOncePerMinute(kind: string, line: string, now: number): void {
  const last = said.get(kind);
  if (last !== undefined && now - last.at < MINUTE) {
    last.unsaid += 1;
    return;
  }
  const more = last === undefined || last.unsaid === 0 ? "" : ` (and ${last.unsaid} more like it since)`;
  said.set(kind, { at: now, unsaid: 0 });
  console.info(`${line}${more}`);
}
