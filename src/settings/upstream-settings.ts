import * as v from "valibot";
import { baseAddress, booleanSetting, described, group, wholeNumber } from "./value-schemas.ts";

/** The servers that requests which Parley does not serve are passed on to. */
export const upstreamSettings = () =>
  group({
    url: v.optional(
      described(
        "Takes what Parley does not serve: classes, queries, and the rest of the API.",
        v.nullable(baseAddress()),
      ),
      null,
    ),
    functionsUrl: v.optional(
      described("Takes cloud functions; null sends them to `url`.", v.nullable(baseAddress())),
      null,
    ),
    timeoutSeconds: v.optional(
      described(
        "How long a request that was passed on may go on without a byte from either side, in seconds; then 504.",
        wholeNumber(1, 300),
      ),
      30,
    ),
    maxBytes: v.optional(
      described(
        "The largest body in either direction, in bytes; 413 and 502 beyond it.",
        wholeNumber(1, 1024 * 1024 * 1024),
      ),
      10 * 1024 * 1024,
    ),
    log: v.optional(
      described(
        "Keeps a line in the event log for each request that was passed on: a row in D1.",
        booleanSetting(),
      ),
      false,
    ),
  });
