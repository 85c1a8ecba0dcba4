import type { MirrorReport } from "../../database/mirror-progress.ts";
import type { HostedApp } from "../../mirror/hosted-app.ts";
import type { Content } from "../../model/records.ts";

/** A message of LeanCloud, as its hook tells it. */
export interface HostedMessage {
  id: string;
  /** When it was sent there (ms). */
  sentAt: number;
  from: string;
  content: Content;
  address: string | undefined;
}

/** What became of a message of LeanCloud; `later` if that cannot be decided yet. */
export type MirrorAnswer = "added" | "known" | "later";

/** What became of an edit or recall over there; `missing` if the message is not here. */
export type ChangeAnswer = "changed" | "known" | "missing" | "later";

/** The way to LeanCloud, and to the owner. */
export interface MirrorCalls {
  /** Undefined while nothing is mirrored, by the settings as last read. */
  hosted(): Pick<HostedApp, "post" | "patch" | "find" | "message"> | undefined;
  /** Takes from what the app may send in this minute, or returns how long to wait (ms). Never rejects. */
  allowance(): Promise<number | undefined>;
  report(report: MirrorReport): Promise<void>;
}

export interface MirrorHost extends MirrorCalls {
  now(): number;
  /** Calls `send` after this many milliseconds, even if the object hibernates or dies before. */
  sendAfter(delay: number): void;
}
