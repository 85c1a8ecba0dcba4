const DAY = 24 * 60 * 60_000; // ms

/** The day of a time (ms), in UTC, as the server names it: 2026-11-29. */
export const dayOf = (time: number): string => new Date(time).toISOString().slice(0, 10);

/** The first of so many days, of which the last is the day of a time (ms). */
export const firstDay = (time: number, days: number): string => dayOf(time - (days - 1) * DAY);

interface Day {
  day: string;
  messages: number;
  dollars: number;
}

/** Each day from the first to the last, with its beginning (ms). The server leaves out those without use. */
export function everyDay(
  from: string,
  to: string,
  days: readonly Day[],
): { at: number; messages: number; dollars: number }[] {
  const known = new Map(days.map((each) => [each.day, each]));
  const [first, last] = [Date.parse(from), Date.parse(to)];
  return Array.from({ length: Math.max(0, Math.round((last - first) / DAY) + 1) }, (_, index) => {
    const at = first + index * DAY;
    const { messages = 0, dollars = 0 } = known.get(dayOf(at)) ?? {};
    return { at, messages, dollars };
  });
}
