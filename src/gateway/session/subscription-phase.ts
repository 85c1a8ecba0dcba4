import type { OpenedSubscription } from "../../protocol/link-controls.ts";
import type { LinkSocket } from "./link-socket.ts";

export type SubscriptionPhase =
  /** The socket is there once it is connected. The subscription is open once the conversation has confirmed it. */
  | { name: "opening"; socket: LinkSocket | undefined }
  | { name: "open"; socket: LinkSocket; opened: OpenedSubscription }
  /**
   * It makes room for another one (L4): once the conversation has confirmed that, it waits for the last answers, then
   * closes. A new one follows it if `reopens`.
   */
  | { name: "evicted"; socket: LinkSocket; isConfirmed: boolean; reopens: boolean }
  /** It failed twice: it waits. A command is refused, or opens it again (L7). */
  | { name: "paused"; end: () => void }
  | { name: "over" };
