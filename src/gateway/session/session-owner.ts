import type { ProvenRequest } from "../../client/session.ts";
import type { Command } from "../../protocol/commands.ts";
import type { ErrorName } from "../../protocol/errors.ts";
import type { Backlog } from "../limits/backlog.ts";
import type { Dial } from "./link-socket.ts";
import type { SubscriptionServices } from "./session-conversations.ts";

/** What a session needs of its gateway. */
export interface SessionOwner extends SubscriptionServices {
  dialSession: Dial<ProvenRequest>;
  /** Counts the sends that wait for an answer; undefined if the app's policy takes time of its own. */
  backlog: Backlog | undefined;
  /**
   * Writes a whole frame, with its client id, to the user's socket.
   *
   * @param isUnconfirmed whether the device shows in no way that it has read this
   */
  send(frame: Uint8Array, isUnconfirmed?: boolean): void;
  /** The device is asked to reconnect. */
  goingAway(): void;
}

/** The sessions of the same socket. */
export interface SessionRegistry {
  /** A login was refused, by the gateway or by the client's object. */
  loginRefused(error: ErrorName | undefined): void;
  /** A client is logged in. */
  opened(): void;
  /** The session is over. */
  ended(session: { clientId: string }): void;
  /** Handles commands that waited for the end of a session, from the next login on. */
  resume(rest: QueuedCommand[]): void;
}

/** A command that waits for a login. */
export interface QueuedCommand {
  command: Command;
  frame: Uint8Array;
}
