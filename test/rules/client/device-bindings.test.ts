import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { clientTables } from "../../../src/client/client-tables.ts";
import { DeviceBindings, type DeviceLogin } from "../../../src/client/device-bindings.ts";
import type { DeviceBinding } from "../../../src/database/installations/device-clients.ts";
import { MemorySql } from "../../support/sqlite.ts";

beforeEach(() => {
  vi.spyOn(console, "error").mockImplementation(() => {});
});
afterEach(() => {
  vi.restoreAllMocks();
});

interface State {
  /** When each client logged in there (ms). */
  clients: Map<string, number>;
  online: Map<string, string>;
  down: boolean;
  writes: number;
  /** Runs while a client is asked which socket it is on. */
  asked: (() => Promise<void>) | undefined;
}

/** The state of a phone in D1, and which clients have sessions on which socket. */
function phone({ installed = true }: { installed?: boolean } = {}) {
  const clients = new Map<string, number>();
  const state: State = { clients, online: new Map(), down: false, writes: 0, asked: undefined };
  const retries: number[] = [];
  const timers: (() => void)[] = [];
  const answer = async <T>(run: () => T): Promise<T> => {
    if (state.down) throw new Error("D1 is down");
    return run();
  };
  const services = {
    deviceState: () =>
      answer(() => ({ clients: Array.from(clients, ([clientId, at]) => ({ clientId, at })), installed })),
    bindDevice: ({ clientId, leaving, known, now }: DeviceBinding) =>
      answer(() => {
        if ([...clients.keys()].some((id) => id !== clientId && !known.includes(id))) return false;
        state.writes += 1;
        clients.set(clientId, now);
        for (const other of leaving) clients.delete(other);
        return true;
      }),
    unbindDevice: ({ clientId }: { clientId: string }) =>
      answer(() => {
        state.writes += 1;
        clients.delete(clientId);
      }),
    unbindEverywhere: ({ clientId, at }: { clientId: string; at: number }) =>
      answer(() => {
        state.writes += 1;
        if ((clients.get(clientId) ?? 0) <= at) clients.delete(clientId);
      }),
    isOnConnection: async (clientId: string, connectionId: string) => {
      await state.asked?.();
      return state.online.get(clientId) === connectionId;
    },
    timer: (_: number, run: () => void) => {
      timers.push(run);
      return () => {};
    },
    retryAfter: (delay: number) => {
      retries.push(delay);
    },
  };
  const kept = new MemorySql();
  return { state, retries, timers, of: (sql = kept) => new DeviceBindings(clientTables(sql), services) };
}

function login(clientId: string, more: Partial<DeviceLogin> = {}): DeviceLogin {
  return { clientId, device: "phone", connectionId: "socket 1", takesPushes: true, at: 1, ...more };
}

test("[C-12, P-12] a login binds the device to the client, and a logout unbinds it", async () => {
  const { state, of } = phone();
  const toms = of();
  toms.loggedIn(login("Tom"));
  await toms.retry();
  expect([...state.clients.keys()]).toEqual(["Tom"]);
  expect(await toms.logOut("Tom", "phone")).toBe(true);
  expect([...state.clients.keys()]).toEqual([]);
});

test("[C-12] logging in again writes nothing", async () => {
  const { state, of } = phone();
  const toms = of();
  toms.loggedIn(login("Tom"));
  toms.loggedIn(login("Tom", { connectionId: "socket 2" }));
  await toms.retry();
  expect(state.writes).toBe(1);
});

test("[C-12] of two people who use one phone in turn, the second receives no push for the first", async () => {
  const { state, of } = phone();
  state.clients.set("Tom", 0);
  state.online.set("Tom", "socket 1"); // not heard of yet that this is gone
  const jerrys = of();
  jerrys.loggedIn(login("Jerry", { connectionId: "socket 2" }));
  await jerrys.retry();
  expect([...state.clients.keys()]).toEqual(["Jerry"]);
});

test("[C-12, I11] a login that reaches D1 late does not unbind a client that logged in there since", async () => {
  const { state, of } = phone();
  state.down = true;
  const toms = of();
  toms.loggedIn(login("Tom", { at: 1 }));
  await toms.retry();
  state.down = false;
  state.clients.set("Jerry", 2); // by Jerry's own object
  await of().retry();
  expect([...state.clients.keys()]).toEqual(["Jerry"]);
});

test("[C-12, I11] of two logins that reach D1 late, the last one has the phone", async () => {
  const { state, of } = phone();
  state.clients.set("Jerry", 0);
  const jerrys = of();
  const toms = of(new MemorySql());
  state.down = true;
  toms.loggedIn(login("Tom", { at: 1 }));
  jerrys.loggedIn(login("Jerry", { at: 2, connectionId: "socket 2" }));
  await Promise.all([toms.retry(), jerrys.retry()]);
  state.down = false;
  await jerrys.retry();
  await toms.retry();
  expect([...state.clients.keys()]).toEqual(["Jerry"]);
});

test("[C-12] of two clients that log in on one phone at the same time, the last one has it", async () => {
  const { state, of } = phone();
  state.clients.set("Spike", 0);
  state.asked = async () => {
    state.asked = undefined;
    state.clients.set("Jerry", 2);
  };
  const toms = of();
  toms.loggedIn(login("Tom", { at: 1 }));
  await toms.retry();
  expect([...state.clients.keys()]).toEqual(["Spike", "Jerry"]);
});

test("[N-02] a login a day later records that the phone is in use", async () => {
  const { state, of } = phone();
  const toms = of();
  toms.loggedIn(login("Tom", { at: 1 }));
  toms.loggedIn(login("Tom", { at: 1 + 24 * 60 * 60 * 1_000 }));
  await toms.retry();
  expect(state.writes).toBe(2);
});

test("[C-12] two clients on one phone at once both receive push", async () => {
  const { state, of } = phone();
  state.clients.set("Tom", 0);
  state.online.set("Tom", "socket 1");
  const jerrys = of();
  jerrys.loggedIn(login("Jerry"));
  await jerrys.retry();
  expect([...state.clients.keys()]).toEqual(["Tom", "Jerry"]);
});

test("[C-12] a device without an installation that takes no push leaves no record", async () => {
  const { state, of } = phone({ installed: false });
  const toms = of();
  toms.loggedIn(login("Tom", { takesPushes: false }));
  await toms.retry();
  expect(state.writes).toBe(0);
});

test("[C-12, I11] a change that D1 does not take is retried, also after the object restarted", async () => {
  const { state, retries, of } = phone();
  state.down = true;
  const toms = of();
  toms.loggedIn(login("Tom"));
  await toms.retry();
  expect([...state.clients.keys()]).toEqual([]);
  expect(retries.length).toBeGreaterThan(0);
  state.down = false;
  await of().retry();
  expect([...state.clients.keys()]).toEqual(["Tom"]);
});

test("[P-12] a logout that D1 does not take is answered with 4117 and completed later", async () => {
  const { state, of } = phone();
  state.clients.set("Tom", 0);
  state.down = true;
  expect(await of().logOut("Tom", "phone")).toBe(false);
  state.down = false;
  await of().retry();
  expect([...state.clients.keys()]).toEqual([]);
});

test("[P-12] a login after a logout that is still pending binds the device", async () => {
  const { state, of } = phone();
  const toms = of();
  state.down = true;
  await toms.logOut("Tom", "phone");
  state.down = false;
  toms.loggedIn(login("Tom"));
  await toms.retry();
  expect([...state.clients.keys()]).toEqual(["Tom"]);
});

test("[P-12] a logout is answered after at most three seconds", async () => {
  const { timers, of } = phone();
  const toms = of();
  toms.loggedIn(login("Tom"));
  const left = toms.logOut("Tom", "phone");
  for (const run of timers) run();
  expect(await left).toBe(false);
});

describe("[C-12] a client that is kicked or banned", () => {
  test("[C-12] a client that is kicked or banned is unbound from its devices, connected or not", async () => {
    const { state, of } = phone();
    state.clients.set("Tom", 1);
    const toms = of();
    toms.unbindAll("Tom", 5);
    await toms.retry();
    expect([...state.clients.keys()]).toEqual([]);
  });

  test("[C-12] [I11] a client that was kicked stays bound to a device that it logged in on since, however late that reaches D1", async () => {
    const { state, of } = phone();
    state.clients.set("Tom", 1);
    const toms = of();
    state.down = true;
    toms.unbindAll("Tom", 5);
    await toms.retry();
    state.down = false;
    toms.loggedIn(login("Tom", { at: 6 }));
    await toms.retry();
    expect([...state.clients]).toEqual([["Tom", 6]]);
  });
});
