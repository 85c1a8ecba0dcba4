/** What became of one attempt to push a message, as the event log keeps it. */
export interface SettledPush {
  /** Milliseconds. */
  at: number;
  id: string;
  conversationId: string;
  messageId: string;
  /** The clients on the device; or, where nothing was pushed at all, everybody that was offline. */
  clients: string[];
  outcome: "sent" | "gone" | "failed" | "later" | "not pushed";
  /** Null where nothing was pushed. */
  provider: string | null;
  installation: string | null;
  /** Of every outcome but `sent`. */
  why: string | null;
}
