import { failedOutcome } from "../provider.ts";
import type { Verdict } from "./vendor.ts";

/** What cannot be in a list with commas: any client may save such an id, and the vendor would take it for several. */
const NOT_LISTED = /[\s,]/;

/**
 * The verdicts on registration ids that a vendor takes as one text with commas; `send` receives those that may be in
 * it.
 */
export async function withListedIds(
  ids: readonly string[],
  send: (listed: readonly string[]) => Promise<Verdict[]>,
): Promise<Verdict[]> {
  const listed = ids.filter((id) => !NOT_LISTED.test(id));
  const verdicts = listed.length === 0 ? [] : await send(listed);
  const byId = new Map(listed.map((id, at) => [id, verdicts[at]]));
  return ids.map((id) => byId.get(id) ?? failedOutcome("no registration id of this vendor"));
}
