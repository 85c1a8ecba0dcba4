import * as v from "valibot";
import { addressThat, described, group, perMinute } from "./value-schemas.ts";

/** The same app at LeanCloud, while some of its clients are still there: messages go both ways. */
export const mirrorSettings = () =>
  group({
    server: v.optional(
      described(
        "The app's address at LeanCloud, with scheme and host alone; it must not lead here. Null mirrors nothing.",
        v.nullable(
          addressThat(
            isOrigin,
            "must be a URL without a path or query, such as https://abc.lc-cn-n1-shared.com",
          ),
        ),
      ),
      null,
    ),
    messagesPerMinute: v.optional(
      described(
        "Messages that are sent to LeanCloud, of the whole app: its own limit for REST; 0 is unlimited.",
        perMinute(),
      ),
      1_800,
    ),
  });

function isOrigin({ pathname, search }: URL): boolean {
  return pathname === "/" && search === "";
}
