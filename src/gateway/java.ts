import type { Command } from "../protocol/commands.ts";
import * as replies from "../protocol/replies.ts";

/**
 * Java and Android throw on an `error` to `session/query` and `session/refresh`, drop the connection, and never call
 * the app back. Refusals of these are told them as answers in which nobody is online, and no token is new.
 */
export class JavaAnswers {
  /** What was asked, by serial. */
  readonly #asked = new Map<number, "session.query" | "session.refresh">();

  /** The SDK of that user agent; undefined for every other. */
  static of(userAgent: string | undefined): JavaAnswers | undefined {
    return userAgent?.startsWith("LeanCloud-Java-SDK") ? new JavaAnswers() : undefined;
  }

  asked({ name, serial }: Command): void {
    if (serial === undefined) return;
    if (name === "session.query" || name === "session.refresh") this.#asked.set(serial, name);
  }

  /** The answer as the SDK can take it. */
  tolerable(serial: number, answer: Uint8Array): Uint8Array {
    const asked = this.#asked.get(serial);
    this.#asked.delete(serial);
    if (asked === undefined || !replies.isRefusal(answer)) return answer;
    return asked === "session.query"
      ? replies.onlineClients(serial, [])
      : replies.sessionNotRefreshed(serial);
  }
}
