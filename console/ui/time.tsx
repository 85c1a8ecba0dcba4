import { type Language, useLanguage, useText } from "./language.ts";
import { uiText } from "./text.ts";

/** A moment as the API has it: ISO text, or milliseconds. */
export type Moment = string | number;

const formats = new Map<string, Intl.DateTimeFormat>();

/** Making a format takes long, and a table has thousands of times. */
function format(language: Language, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = language + JSON.stringify(options);
  const made = formats.get(key) ?? new Intl.DateTimeFormat(language === "zh" ? "zh-CN" : "en-GB", options);
  formats.set(key, made);
  return made;
}

const whole = { dateStyle: "medium", timeStyle: "long" } as const;

/** Short where the day is today: 14:03:22, 3 Nov 14:03, 3 Nov 2025 14:03. In the viewer's zone. */
export function timeText(moment: Moment, language: Language, now = new Date()): string {
  const date = new Date(moment);
  if (Number.isNaN(date.getTime())) return String(moment);
  const clock = { hour: "2-digit", minute: "2-digit" } as const;
  if (date.toDateString() === now.toDateString())
    return format(language, { hour: "2-digit", minute: "2-digit", second: "2-digit" }).format(date);
  const day = { day: "numeric", month: "short" } as const;
  if (date.getFullYear() === now.getFullYear())
    return format(language, Object.assign({}, day, clock)).format(date);
  return format(language, Object.assign({ year: "numeric" } as const, day, clock)).format(date);
}

/** A mark on an axis of time: the clock, and at the beginning of a day its date. */
export function tickText(milliseconds: number, language: Language): string {
  const date = new Date(milliseconds);
  const isDay = date.getHours() === 0 && date.getMinutes() === 0;
  const options = isDay
    ? ({ day: "numeric", month: "short" } as const)
    : ({ hour: "2-digit", minute: "2-digit" } as const);
  return format(language, options).format(date);
}

/** A time; the title has all of it, with the zone. */
export function Time({ at }: { at: Moment | undefined | null }) {
  const language = useLanguage();
  const text = useText(uiText);
  if (at === undefined || at === null) return <span class="faint">{text.never}</span>;
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return <span>{String(at)}</span>;
  return (
    <time dateTime={date.toISOString()} title={format(language, whole).format(date)}>
      {timeText(at, language)}
    </time>
  );
}
