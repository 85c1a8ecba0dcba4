import { type DeviceClient, LAST_SEEN_INTERVAL } from "../database/installations/device-clients.ts";
import { loggableError } from "../loggable-error.ts";
import type { ClientServices } from "./client-ports.ts";
import type { ClientTables } from "./client-tables.ts";

/** How long a logout waits for its device to be unsubscribed (ms). */
const LOGOUT_DEADLINE = 3_000;
const RETRY = 10_000; // ms
/** Attempts to bind a device while other clients log in on it at the same moment. */
const ATTEMPTS = 5;

/** A device that a client logs in on, as push identifies it. */
export interface DeviceLogin {
  clientId: string;
  /** Its push token, or its installation id. */
  device: string;
  /** The user's socket. */
  connectionId: string;
  /** It receives push, even if its installation is not known yet. */
  takesPushes: boolean;
  /** Milliseconds. */
  at: number;
}

type DeviceServices = Pick<
  ClientServices,
  | "deviceState"
  | "bindDevice"
  | "unbindDevice"
  | "unbindEverywhere"
  | "isOnConnection"
  | "timer"
  | "retryAfter"
>;

/** A change of a client's bindings. The words of its type are stored. */
type Change =
  | { type: "came"; login: DeviceLogin }
  | { type: "left"; clientId: string; device: string }
  | { type: "turned out"; clientId: string; at: number };

/**
 * Which client a device belongs to, for push (C-12, P-12). A login binds the device to the client, and a logout unbinds
 * it. A login also unbinds an earlier client of the device, unless both share the socket: people who use one phone in
 * turn never receive each other's notifications. If D1 does not take a change, it is stored here and retried. A client
 * that logged in there meanwhile stays bound.
 */
export class DeviceBindings {
  readonly #tables: ClientTables;
  readonly #services: DeviceServices;
  #last: Promise<unknown> = Promise.resolve();

  constructor(tables: ClientTables, services: DeviceServices) {
    this.#tables = tables;
    this.#services = services;
  }

  /** A login succeeded. Nothing waits for this. */
  loggedIn(login: DeviceLogin): void {
    void this.#after(() => {
      // Repeated if an unbinding of the client is pending: D1 then sees that the login is the later of the two.
      const isUnbindPending = this.#pendingChanges().some(({ type }) => type === "turned out");
      return this.#carryOut({ type: "came", login }, isUnbindPending ? "again" : "first");
    });
  }

  /** A session was ended from outside. Nothing waits for this. */
  sessionEnded(clientId: string, device: string): void {
    void this.#after(() => this.#carryOut({ type: "left", clientId, device }, "first"));
  }

  /** The client was kicked or banned at this time (ms): unbinds all its devices. Nothing waits for this. */
  unbindAll(clientId: string, at: number): void {
    void this.#after(() => this.#carryOut({ type: "turned out", clientId, at }, "first"));
  }

  /** A logout. Resolves to whether the device is unsubscribed, after at most 3 s. If not, that is retried. */
  async logOut(clientId: string, device: string): Promise<boolean> {
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

  /** Retries the stored changes. Never rejects. */
  async retry(): Promise<void> {
    await this.#after(async () => {
      for (const change of this.#pendingChanges()) if (!(await this.#carryOut(change, "again"))) return;
    });
  }

  /** One after the other, so that a login and a logout take effect in their order. */
  #after<Result>(run: () => Promise<Result>): Promise<Result> {
    const result = this.#last.then(run);
    this.#last = result.catch(() => {});
    return result;
  }

  /** Returns whether it succeeded. Never rejects. */
  async #carryOut(change: Change, attempt: "first" | "again"): Promise<boolean> {
    try {
      if (change.type === "came") await this.#bind(change.login, attempt);
      else if (change.type === "left") await this.#services.unbindDevice(change);
      else await this.#services.unbindEverywhere(change);
      this.#settled(change);
      return true;
    } catch (error) {
      console.error("pushes to a device:", loggableError(error));
      this.#markPending(change);
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
      // Another client has logged in on the device since this login.
      if (elsewhere.some((other) => other.at > at)) return;
      const isNoted = own !== undefined && at < own.at + LAST_SEEN_INTERVAL;
      if (attempt === "first" && elsewhere.length === 0 && isNoted) return; // nothing to change
      const [known, leaving] = [idsOf(clients), idsOf(elsewhere)];
      if (await this.#services.bindDevice({ device, clientId, leaving, known, now: at })) return;
    }
    throw new Error(`device: others logged in there ${ATTEMPTS} times meanwhile`);
  }

  #markPending(change: Change): void {
    this.#tables.add(
      "device_changes",
      "INSERT OR REPLACE INTO device_changes VALUES (?, ?)",
      deviceOf(change),
      JSON.stringify(change),
    );
  }

  #settled(change: Change): void {
    const removal = "DELETE FROM device_changes WHERE device = ?";
    this.#tables.change("device_changes", removal, deviceOf(change));
  }

  #pendingChanges(): Change[] {
    const rows = this.#tables.read<{ change: string }>("device_changes", "SELECT change FROM device_changes");
    return rows.map(({ change }) => JSON.parse(change));
  }
}

const idsOf = (clients: readonly DeviceClient[]): string[] => clients.map(({ clientId }) => clientId);

/** No device has an empty name: it stands for all of them. */
function deviceOf(change: Change): string {
  if (change.type === "turned out") return "";
  return change.type === "came" ? change.login.device : change.device;
}
