import type { Command } from "../../protocol/commands.ts";
import * as replies from "../../protocol/replies.ts";
import * as sessionReplies from "../../protocol/session-replies.ts";

/**
 * Adapts replies for Java and Android, which throw on an `error` to `session/query` and `session/refresh`, drop the
 * connection, and never call the app back. In place of the refusal they receive an answer in which no client is online,
 * or without a new token.
 */
export class JavaReplies {
  /** The names of pending requests, by serial. */
  readonly #requests = new Map<number, "session.query" | "session.refresh">();

  /** The replies for the SDK with this user agent; undefined for every other SDK. */
  static of(userAgent: string | undefined): JavaReplies | undefined {
    return userAgent?.startsWith("LeanCloud-Java-SDK") ? new JavaReplies() : undefined;
  }

  requested({ name, serial }: Command): void {
    if (serial === undefined) return;
    if (name === "session.query" || name === "session.refresh") this.#requests.set(serial, name);
  }

  /** The answer in a form that the SDK can handle. */
  adapt(serial: number, answer: Uint8Array): Uint8Array {
    const request = this.#requests.get(serial);
    this.#requests.delete(serial);
    if (request === undefined || !replies.isErrorReply(answer)) return answer;
    return request === "session.query"
      ? sessionReplies.onlineClients(serial, [])
      : sessionReplies.sessionNotRefreshed(serial);
  }
}
