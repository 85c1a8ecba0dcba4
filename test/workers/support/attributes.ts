import type { GenericCommand } from "./workerd-device.ts";

/** The attributes of conversations in commands and in what devices receive. */

/** Columns as a command carries them. */
export const attr = (columns: object) => ({ data: JSON.stringify(columns) });

/** The content of an update in a reply or event: new values by path, and by column. */
export function updated(frame: GenericCommand): { changed: unknown; resulting: unknown } {
  const { attr, attrModified } = frame.convMessage ?? {};
  return { changed: JSON.parse(attr?.data ?? "null"), resulting: JSON.parse(attrModified?.data ?? "null") };
}
