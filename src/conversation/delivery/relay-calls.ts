import type { RelayAudience, RelayBatch, RelayReport } from "../../protocol/relay-calls.ts";

/** The relays of conversations, as a conversation calls them. Every call has a deadline and may reject. */
export interface RelayCalls {
  deliver(conversationId: string, relay: number, batch: RelayBatch): Promise<RelayReport>;
  close(conversationId: string, relay: number): Promise<void>;
  audience(conversationId: string, relay: number, limit: number): Promise<RelayAudience>;
  part(conversationId: string, relay: number, parts: number): Promise<string[]>;
  presentAmong(conversationId: string, relay: number, clientIds: string[]): Promise<string[]>;
}
