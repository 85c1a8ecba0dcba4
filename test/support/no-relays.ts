import type { DeliveryHost } from "../../src/conversation/delivery/delivery-host.ts";

/** A conversation that never has relays. */
export const NO_RELAYS: DeliveryHost["relays"] = {
  now: () => 0,
  end: () => 0,
  lastNotice: () => 0,
  entry: () => ({ isRoom: false, isFree: true, updatedAt: 0 }),
  entriesAfter: () => [],
  stored: () => new Map(),
  store: () => {},
  unstore: () => {},
  deliver: () => Promise.reject(new Error("no relay")),
  close: async () => {},
  audience: () => Promise.reject(new Error("no relay")),
  part: async () => [],
  presentAmong: async () => [],
  retryAfter: () => {},
  pause: async () => {},
};
