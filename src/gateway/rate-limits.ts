import type { Command } from "../protocol/commands.ts";

const WINDOW = 60_000; // ms

/** Commands per minute; 0 is no limit (L-01 to L-03). */
export interface Rates {
  sendsPerMinute: number;
  historyQueriesPerMinute: number;
  otherCommandsPerMinute: number;
}

/** What the hosted service counts apart: sends, history queries, and each other operation by itself. */
function rateOf(command: Command, rates: Rates): number {
  switch (command.name) {
    case "message.send":
      return rates.sendsPerMinute;
    case "message.history":
      return rates.historyQueriesPerMinute;
    // Answers to what the server sent, as many as it sent: never refused.
    case "message.acknowledge":
    case "read":
    case "echo":
      return 0;
    default:
      return rates.otherCommandsPerMinute;
  }
}

/** Counts one client's commands on one socket. */
export class RateLimits {
  readonly #windows = new Map<string, { since: number; count: number }>();

  /** Whether this command is still within its limit; counts it. */
  allows(command: Command, rates: Rates, now: number): boolean {
    const rate = rateOf(command, rates);
    if (rate === 0) return true;
    const window = this.#windows.get(command.name);
    if (window === undefined || now - window.since >= WINDOW) {
      this.#windows.set(command.name, { since: now, count: 1 });
      return true;
    }
    window.count += 1;
    return window.count <= rate;
  }
}
