import * as v from "valibot";
import { baseAddress, booleanSetting, group, wholeNumber } from "./value-schemas.ts";

/** The servers that requests which Parley does not serve are passed on to. */
export const upstreamSettings = () =>
  group({
    /** Takes what Parley does not serve: classes, queries, and the rest of the API. */
    url: v.optional(v.nullable(baseAddress()), null),
    /** Takes cloud functions; null sends them to `url`. */
    functionsUrl: v.optional(v.nullable(baseAddress()), null),
    /** How long a request that was passed on may go on without a byte from either side, in seconds; then 504. */
    timeoutSeconds: v.optional(wholeNumber(1, 300), 30),
    /** The largest body in either direction, in bytes; 413 and 502 beyond it. */
    maxBytes: v.optional(wholeNumber(1, 1024 * 1024 * 1024), 10 * 1024 * 1024),
    /** Keeps a line in the event log for each request that was passed on: a row in D1. */
    log: v.optional(booleanSetting(), false),
  });
