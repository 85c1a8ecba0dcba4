import type { LoginProof } from "../client/credentials.ts";
import type { ProvenRequest } from "../client/session.ts";
import type { Meter } from "../metrics/meter.ts";
import type { CommandOf } from "../protocol/commands.ts";
import type { SubscriptionRequest } from "../protocol/link-controls.ts";
import type { Refused } from "../protocol/outcome.ts";
import type { Settings } from "../settings/schema.ts";
import type { ConversationKind } from "./conversation-lookup.ts";
import type { AddressAllowances } from "./limits/address-allowances.ts";
import type { Backlog } from "./limits/backlog.ts";
import type { Dial } from "./session/link-socket.ts";
import type { SubProtocol } from "./sub-protocol.ts";

/** What the gateways of all sockets of an isolate need of it. */
export interface GatewayServices {
  appId: string;
  /**
   * Whether the platform limits what a socket may use in its life and how much memory an isolate has, as Cloudflare
   * does.
   */
  hasPlatformLimits: boolean;
  now(): number;
  /** Counts what happens in this isolate. */
  meter: Meter;
  /** Calls `run` once after this many milliseconds. Returns a function that cancels it. */
  timer(milliseconds: number, run: () => void): () => void;
  settings: { peek(): Settings | undefined; get(): Promise<Settings> };
  /** Checks the credentials of a login. */
  judge(
    clientId: string,
    command: CommandOf<"session.open">,
    security: Settings["security"],
  ): Promise<LoginProof | Refused>;
  /** The sends of all sockets that wait for an answer; undefined if no send is refused because of them. */
  backlog: Backlog | undefined;
  dialSession: Dial<ProvenRequest>;
  dialConversation: Dial<SubscriptionRequest>;
  /** The kinds of those of some ids that may be conversations. Rejects if that cannot be found out. */
  kinds(conversationIds: string[]): Promise<Map<string, ConversationKind>>;
}

/** The user's socket, as far as the gateway uses it. */
export interface UserSocket {
  send(data: Uint8Array | string): void;
  close(code: number, reason: string): void;
}

/** One user socket that a gateway serves. */
export interface Connection {
  socket: UserSocket;
  protocol: SubProtocol;
  /** The address of the device. */
  address: string | undefined;
  /** The address that the limits per address count the device by. */
  countedAs: string | undefined;
  /** The allowances of that address; undefined if they are not counted. */
  allowances: AddressAllowances | undefined;
  /** A client is logged in on the socket. */
  loggedIn(): void;
}
