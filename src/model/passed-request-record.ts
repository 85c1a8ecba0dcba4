/** A request that was passed on to an upstream, as the event log keeps it. No values of its query, no keys. */
export interface PassedRequestRecord {
  /** When it arrived (ms). */
  at: number;
  id: string;
  method: string;
  path: string;
  /** Of the upstream's answer; null if there was none. */
  status: number | null;
  /** Why it did not end well; null if it did. */
  failure: string | null;
  /** From its arrival to the last byte of the answer. */
  ms: number;
  /** Bytes of the two bodies. */
  sent: number;
  received: number;
  /** The SDK and its version. */
  userAgent: string | null;
}
