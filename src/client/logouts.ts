import type { Sql } from "../sql.ts";
import { TOKEN_LIFETIME } from "./session-token.ts";

/** Rows kept at most: a client that logs out more often in 14 days loses older tokens of other devices, too. */
const KEPT_MAX = 1_000;
/** Stands for every device: tokens issued up to its time are revoked. No device has this name. */
const EVERY_DEVICE = "";

type Row = { device: string; at: number };

/**
 * When each device of a client last logged out: tokens issued to it up to then are revoked (C-09). One row per logout,
 * kept as long as a token of that device may live.
 */
export class Logouts {
  readonly #sql: Sql;
  #loaded: Map<string, number> | undefined;

  constructor(sql: Sql) {
    this.#sql = sql;
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
    this.#sql.exec(
      "CREATE TABLE IF NOT EXISTS logouts (device TEXT PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID",
    );
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
    this.#sql.exec("INSERT OR REPLACE INTO logouts VALUES (?, ?)", device, at);
    this.#load().set(device, at);
  }

  #drop(device: string): void {
    this.#sql.exec("DELETE FROM logouts WHERE device = ?", device);
    this.#load().delete(device);
  }

  #load(): Map<string, number> {
    if (this.#loaded !== undefined) return this.#loaded;
    const exists = this.#sql
      .exec("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'logouts'")
      .toArray();
    const rows = exists.length === 0 ? [] : this.#sql.exec<Row>("SELECT device, at FROM logouts").toArray();
    this.#loaded = new Map(rows.map(({ device, at }) => [device, at]));
    return this.#loaded;
  }
}
