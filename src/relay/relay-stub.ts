import type { RelayAudience, RelayBatch, RelayReport } from "../protocol/relay-calls.ts";

/** The calls that the rest of the service may make to a RelayObject. */
export interface RelayStub {
  fetch(request: Request): Promise<Response>;
  /** Sends its part of the audience something. */
  deliver(batch: RelayBatch): Promise<RelayReport>;
  /** The conversation is deleted. */
  close(): Promise<void>;
  /** Some clients of its part of the audience, and how many there are. */
  audience(limit: number): Promise<RelayAudience>;
  /** The clients of its part of the audience that are in the first of so many equal parts of all clients. */
  part(parts: number): Promise<string[]>;
  /** Those of some clients that are in its part of the audience. */
  presentAmong(clientIds: string[]): Promise<string[]>;
}
