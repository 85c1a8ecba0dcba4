import { type DeviceClient, LAST_SEEN_INTERVAL } from "../database/installations/device-clients.ts";
import { loggableError } from "../loggable-error.ts";
import type { Sql } from "../sql.ts";
import type { Services } from "./ports.ts";

/** How long a logout waits for its device to be unsubscribed (ms). */
const LOGOUT_DEADLINE = 3_000;
const RETRY = 10_000; // ms
/** How often a login is decided anew when others log in on its device at the same moment. */
const ATTEMPTS = 5;

/** A device that a client logs in on, as pushes know it. */
export interface DeviceLogin {
  clientId: string;
  /** Its token, or the installation id it calls itself by. */
  device: string;
  /** The user's socket. */
  connectionId: string;
  /** It is one that takes pushes, even if its installation is not known yet. */
  takesPushes: boolean;
  /** Milliseconds. */
  at: number;
}

type DeviceServices = Pick<
  Services,
  | "deviceState"
  | "bindDevice"
  | "unbindDevice"
  | "unbindEverywhere"
  | "isOnConnection"
  | "timer"
  | "retryAfter"
>;

type Change =
  | { type: "came"; login: DeviceLogin }
  | { type: "left"; clientId: string; device: string }
  | { type: "turned out"; clientId: string; at: number };

/**
 * Whose a device is, for pushes (C-12, P-12): a login makes it the client's, a logout ends that. Who was logged in on
 * it before is not any more, unless he shares the socket: people who use one phone in turn never get each other's
 * pushes. What D1 does not take is written down here and tried again; whoever logged in there meanwhile stays.
 */
export class Devices {
  readonly #sql: Sql;
  readonly #services: DeviceServices;
  #last: Promise<unknown> = Promise.resolve();

  constructor(sql: Sql, services: DeviceServices) {
    this.#sql = sql;
    this.#services = services;
  }

  /** A login succeeded; nobody waits for this. */
  came(login: DeviceLogin): void {
    void this.#after(() => {
      // Written anew where he is yet to be turned out, so that it is seen that he came after that.
      const owesMore = this.#owed().some(({ type }) => type === "turned out");
      return this.#carryOut({ type: "came", login }, owesMore ? "again" : "first");
    });
  }

  /** A session was ended from outside; nobody waits for this. */
  ended(clientId: string, device: string): void {
    void this.#after(() => this.#carryOut({ type: "left", clientId, device }, "first"));
  }

  /** The client was kicked or banned at this time (ms), wherever he was logged in; nobody waits for this. */
  unbindAll(clientId: string, at: number): void {
    void this.#after(() => this.#carryOut({ type: "turned out", clientId, at }, "first"));
  }

  /** A logout; resolves to whether the device is unsubscribed, 3 s later at the latest. If not, that is tried again. */
  async left(clientId: string, device: string): Promise<boolean> {
    let cancel = () => {};
    const late = new Promise<false>((resolve) => {
      cancel = this.#services.timer(LOGOUT_DEADLINE, () => resolve(false));
    });
    const done = await Promise.race([
      this.#after(() => this.#carryOut({ type: "left", clientId, device }, "first")),
      late,
    ]);
    cancel();
    return done;
  }

  /** Tries again what did not succeed. Never rejects. */
  async wake(): Promise<void> {
    await this.#after(async () => {
      for (const change of this.#owed()) if (!(await this.#carryOut(change, "again"))) return;
    });
  }

  /** One after the other, so that a login and a logout take effect in their order. */
  #after<Result>(run: () => Promise<Result>): Promise<Result> {
    const result = this.#last.then(run);
    this.#last = result.catch(() => {});
    return result;
  }

  /** Never rejects; whether it succeeded. */
  async #carryOut(change: Change, attempt: "first" | "again"): Promise<boolean> {
    try {
      if (change.type === "came") await this.#bind(change.login, attempt);
      else if (change.type === "left") await this.#services.unbindDevice(change);
      else await this.#services.unbindEverywhere(change);
      this.#settled(change);
      return true;
    } catch (error) {
      console.error("pushes to a device:", loggableError(error));
      this.#owe(change);
      this.#services.retryAfter(RETRY);
      return false;
    }
  }

  async #bind(login: DeviceLogin, attempt: "first" | "again"): Promise<void> {
    const { clientId, device, connectionId, takesPushes, at } = login;
    for (let decided = 0; decided < ATTEMPTS; decided += 1) {
      const { clients, installed } = await this.#services.deviceState(device);
      if (!installed && !takesPushes) return;
      const own = clients.find((client) => client.clientId === clientId);
      const others = clients.filter((client) => client !== own);
      const here = await Promise.all(
        others.map((other) => this.#services.isOnConnection(other.clientId, connectionId)),
      );
      const elsewhere = others.filter((_, index) => here[index] !== true);
      // The device is in other hands since, however late this login comes to be known.
      if (elsewhere.some((other) => other.at > at)) return;
      const isNoted = own !== undefined && at < own.at + LAST_SEEN_INTERVAL;
      if (attempt === "first" && elsewhere.length === 0 && isNoted) return; // as it was
      const [known, leaving] = [idsOf(clients), idsOf(elsewhere)];
      if (await this.#services.bindDevice({ device, clientId, leaving, known, now: at })) return;
    }
    throw new Error(`device: others logged in there ${ATTEMPTS} times meanwhile`);
  }

  #owe(change: Change): void {
    this.#sql.exec(
      "CREATE TABLE IF NOT EXISTS device_changes (device TEXT PRIMARY KEY, change TEXT NOT NULL) WITHOUT ROWID",
    );
    const text = JSON.stringify(change);
    this.#sql.exec("INSERT OR REPLACE INTO device_changes VALUES (?, ?)", deviceOf(change), text);
  }

  #settled(change: Change): void {
    if (this.#hasTable()) this.#sql.exec("DELETE FROM device_changes WHERE device = ?", deviceOf(change));
  }

  #owed(): Change[] {
    if (!this.#hasTable()) return [];
    const rows = this.#sql.exec<{ change: string }>("SELECT change FROM device_changes").toArray();
    return rows.map(({ change }) => JSON.parse(change));
  }

  /** Looking writes nothing. */
  #hasTable(): boolean {
    return (
      this.#sql.exec("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'device_changes'").toArray()
        .length > 0
    );
  }
}

const idsOf = (clients: readonly DeviceClient[]): string[] => clients.map(({ clientId }) => clientId);

/** Nobody's device has an empty name: that stands for all of them. */
function deviceOf(change: Change): string {
  if (change.type === "turned out") return "";
  return change.type === "came" ? change.login.device : change.device;
}
