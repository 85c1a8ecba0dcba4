import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type DeviceLogin, Devices } from "../../../src/client/devices.ts";
import type { DeviceBinding } from "../../../src/history/device-clients.ts";
import { MemorySql } from "../../support/sqlite.ts";

beforeEach(() => {
  vi.spyOn(console, "error").mockImplementation(() => {});
});
afterEach(() => {
  vi.restoreAllMocks();
});

/** D1's word on a phone, and who has a session on which socket. */
function phone({ installed = true }: { installed?: boolean } = {}) {
  const state = { clientIds: new Set<string>(), online: new Map<string, string>(), down: false, writes: 0 };
  const retries: number[] = [];
  const timers: (() => void)[] = [];
  const answer = async <T>(run: () => T): Promise<T> => {
    if (state.down) throw new Error("D1 is down");
    return run();
  };
  const services = {
    now: () => 1,
    deviceState: () => answer(() => ({ clientIds: [...state.clientIds], installed })),
    bindDevice: ({ clientId, leaving }: DeviceBinding) =>
      answer(() => {
        state.writes += 1;
        state.clientIds.add(clientId);
        for (const other of leaving) state.clientIds.delete(other);
      }),
    unbindDevice: ({ clientId }: { clientId: string }) =>
      answer(() => {
        state.writes += 1;
        state.clientIds.delete(clientId);
      }),
    isOnConnection: async (clientId: string, connectionId: string) =>
      state.online.get(clientId) === connectionId,
    timer: (_: number, run: () => void) => {
      timers.push(run);
      return () => {};
    },
    retryAfter: (delay: number) => {
      retries.push(delay);
    },
  };
  const sql = new MemorySql();
  return { state, retries, timers, of: () => new Devices(sql, services) };
}

function login(clientId: string, more: Partial<DeviceLogin> = {}): DeviceLogin {
  return { clientId, device: "phone", connectionId: "socket 1", takesPushes: true, ...more };
}

test("[C-12, P-12] a login makes the device the client's, a logout ends that", async () => {
  const { state, of } = phone();
  const toms = of();
  toms.came(login("Tom"));
  await toms.wake();
  expect([...state.clientIds]).toEqual(["Tom"]);
  expect(await toms.left("Tom", "phone")).toBe(true);
  expect([...state.clientIds]).toEqual([]);
});

test("[C-12] logging in again writes nothing", async () => {
  const { state, of } = phone();
  const toms = of();
  toms.came(login("Tom"));
  toms.came(login("Tom", { connectionId: "socket 2" }));
  await toms.wake();
  expect(state.writes).toBe(1);
});

test("[C-12] of two people on one phone in turn the second gets no pushes of the first", async () => {
  const { state, of } = phone();
  state.clientIds.add("Tom");
  state.online.set("Tom", "socket 1"); // not heard of yet that this is gone
  const jerrys = of();
  jerrys.came(login("Jerry", { connectionId: "socket 2" }));
  await jerrys.wake();
  expect([...state.clientIds]).toEqual(["Jerry"]);
});

test("[C-12] two people on one phone at once both get theirs", async () => {
  const { state, of } = phone();
  state.clientIds.add("Tom");
  state.online.set("Tom", "socket 1");
  const jerrys = of();
  jerrys.came(login("Jerry"));
  await jerrys.wake();
  expect([...state.clientIds]).toEqual(["Tom", "Jerry"]);
});

test("[C-12] a device that nobody installed and that takes no pushes leaves no trace", async () => {
  const { state, of } = phone({ installed: false });
  const toms = of();
  toms.came(login("Tom", { takesPushes: false }));
  await toms.wake();
  expect(state.writes).toBe(0);
});

test("[C-12, I11] what D1 does not take is tried again, by whatever is left of the object", async () => {
  const { state, retries, of } = phone();
  state.down = true;
  const toms = of();
  toms.came(login("Tom"));
  await toms.wake();
  expect([...state.clientIds]).toEqual([]);
  expect(retries.length).toBeGreaterThan(0);
  state.down = false;
  await of().wake();
  expect([...state.clientIds]).toEqual(["Tom"]);
});

test("[P-12] a logout that D1 does not take says so (4117), and is done later all the same", async () => {
  const { state, of } = phone();
  state.clientIds.add("Tom");
  state.down = true;
  expect(await of().left("Tom", "phone")).toBe(false);
  state.down = false;
  await of().wake();
  expect([...state.clientIds]).toEqual([]);
});

test("[P-12] a login after a logout that is still owed counts", async () => {
  const { state, of } = phone();
  const toms = of();
  state.down = true;
  await toms.left("Tom", "phone");
  state.down = false;
  toms.came(login("Tom"));
  await toms.wake();
  expect([...state.clientIds]).toEqual(["Tom"]);
});

test("[P-12] nobody waits for a logout longer than three seconds", async () => {
  const { timers, of } = phone();
  const toms = of();
  toms.came(login("Tom"));
  const left = toms.left("Tom", "phone");
  for (const run of timers) run();
  expect(await left).toBe(false);
});
