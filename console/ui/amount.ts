import type { Language } from "./language.ts";

const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"] as const;

/** A number of bytes as people say it: 1.2 MB. */
export function bytesText(bytes: number, language: Language): string {
  const power = bytes < 1 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log10(bytes) / 3));
  return (bytes / 1000 ** power).toLocaleString(language, {
    style: "unit",
    unit: UNITS[power] ?? "byte",
    unitDisplay: "short",
    maximumFractionDigits: power === 0 ? 0 : 1,
  });
}

/** A whole number in the way of the language: 12,345. */
export const countText = (count: number, language: Language): string =>
  count.toLocaleString(language, { maximumFractionDigits: 0 });

/** Dollars: two decimals, and below one as many as tell something. */
export const dollarText = (dollars: number, language: Language): string =>
  dollars.toLocaleString(language, {
    style: "currency",
    currency: "USD",
    ...(dollars >= 1 || dollars === 0 ? {} : { minimumSignificantDigits: 2, maximumSignificantDigits: 2 }),
  });
