/** Times that a log is looked through, counted from now, or between two moments. */
export const spans = ["any", "hour", "day", "week", "between"] as const;
export type Span = (typeof spans)[number];

const HOUR = 3_600_000; // ms
const LENGTHS = { hour: HOUR, day: 24 * HOUR, week: 7 * 24 * HOUR };

export const spanIn = (text: string): Span => spans.find((span) => span === text) ?? "any";

/** The bounds to ask the API for, in ms. @param from and until: ISO texts, for `between`; empty for none */
export function boundsOf(
  span: Span,
  from: string,
  until: string,
  now: number,
): { from?: number; until?: number } {
  if (span === "any") return {};
  if (span !== "between") return { from: now - LENGTHS[span] };
  const [first, last] = [Date.parse(from), Date.parse(until)];
  return Object.assign(
    {},
    Number.isNaN(first) ? {} : { from: Math.max(0, first) },
    Number.isNaN(last) ? {} : { until: Math.max(0, last) },
  );
}

const two = (number: number): string => String(number).padStart(2, "0");

/** A moment as the browser's field for a date and a time has it, in the viewer's zone. Empty for no moment. */
export function fieldText(iso: string): string {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return "";
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day}T${two(date.getHours())}:${two(date.getMinutes())}`;
}

/** The other way round: the moment stands in the address, for viewers in other zones too. */
export function isoText(field: string): string {
  const date = new Date(field);
  return Number.isNaN(date.getTime()) ? "" : date.toISOString();
}
