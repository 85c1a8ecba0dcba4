import type { ClientTables } from "./client-tables.ts";
import { TOKEN_LIFETIME } from "./session-token.ts";

/** The most rows. A client that logs out more often in 14 days loses older tokens of other devices too. */
const KEPT_MAX = 1_000;
/** The row for every device: tokens issued up to its time are revoked. No device has this name. */
const EVERY_DEVICE = "";

type Row = { device: string; at: number };

/**
 * When each device of a client last logged out: tokens issued to it up to then are revoked (C-09). One row per logout,
 * kept as long as a token of that device may live.
 */
export class Logouts {
  readonly #tables: ClientTables;
  #loaded: Map<string, number> | undefined;

  constructor(tables: ClientTables) {
    this.#tables = tables;
  }

  /** Whether a token issued to a device at this time (ms) is revoked, because the device logged out since. */
  isRevoked(device: string | undefined, issuedAt: number): boolean {
    return issuedAt <= (this.#last(device) ?? Number.NEGATIVE_INFINITY);
  }

  /** The time (ms) to issue a token at: later than the device's last logout, even if the clock was set back. */
  issueTime(device: string, now: number): number {
    return Math.max(now, (this.#last(device) ?? 0) + 1);
  }

  /** @param now milliseconds */
  add(device: string, now: number): void {
    const logouts = this.#load();
    const at = this.issueTime(device, now);
    this.#write(device, at);
    for (const [other, since] of logouts) {
      if (since + TOKEN_LIFETIME * 1000 < now) this.#drop(other);
    }
    const devices = [...logouts].filter(([other]) => other !== EVERY_DEVICE);
    if (devices.length <= KEPT_MAX) return;
    const [oldest, since] = devices.reduce((first, each) => (each[1] < first[1] ? each : first));
    this.#write(EVERY_DEVICE, Math.max(since, logouts.get(EVERY_DEVICE) ?? 0));
    this.#drop(oldest);
  }

  #last(device: string | undefined): number | undefined {
    const logouts = this.#load();
    const every = logouts.get(EVERY_DEVICE);
    const own = device === undefined ? undefined : logouts.get(device);
    if (every === undefined || own === undefined) return own ?? every;
    return Math.max(own, every);
  }

  #write(device: string, at: number): void {
    this.#tables.add("logouts", "INSERT OR REPLACE INTO logouts VALUES (?, ?)", device, at);
    this.#load().set(device, at);
  }

  #drop(device: string): void {
    this.#tables.change("logouts", "DELETE FROM logouts WHERE device = ?", device);
    this.#load().delete(device);
  }

  #load(): Map<string, number> {
    if (this.#loaded !== undefined) return this.#loaded;
    const rows = this.#tables.read<Row>("logouts", "SELECT device, at FROM logouts");
    this.#loaded = new Map(rows.map(({ device, at }) => [device, at]));
    return this.#loaded;
  }
}
