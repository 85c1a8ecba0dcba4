import * as v from "valibot";
import { addressThat, group, perMinute } from "./value-schemas.ts";

/** The same app at LeanCloud, while some of its clients are still there: messages go both ways. */
export const mirrorSettings = () =>
  group({
    /** The app's address at LeanCloud, with scheme and host alone; it must not lead here. Null mirrors nothing. */
    server: v.optional(
      v.nullable(
        addressThat(
          isOrigin,
          "must be a URL without a path or query, such as https://abc.lc-cn-n1-shared.com",
        ),
      ),
      null,
    ),
    /** Messages that are sent to LeanCloud, of the whole app: its own limit for REST; 0 is unlimited. */
    messagesPerMinute: v.optional(perMinute(), 1_800),
  });

function isOrigin({ pathname, search }: URL): boolean {
  return pathname === "/" && search === "";
}
