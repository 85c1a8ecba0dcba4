import { isRecord } from "../../ui/json.ts";

/** What a person reads of a notification's content: its alert and title; undefined if it has no words. */
export function wordsOf(data: Record<string, unknown>): string | undefined {
  for (const part of [data, data.ios, data.android, data.wp]) {
    if (!isRecord(part)) continue;
    const { alert, title } = part;
    const words = isRecord(alert) ? [alert.title, alert.body] : [title, alert];
    const shown = words.filter((each) => typeof each === "string" && each !== "");
    if (shown.length > 0) return shown.join(": ");
  }
  return undefined;
}

/** The content of a form with a title and a text. */
export const alertData = (title: string, alert: string): Record<string, unknown> =>
  title === "" ? { alert } : { alert, title };
