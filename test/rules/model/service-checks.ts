import { expect } from "vitest";
import type { MessageRecord } from "../../../src/model/records.ts";
import type { GenericCommand } from "../../../src/protocol/generated/message_pb.js";
import { catchUpModes } from "../../../src/protocol/link-controls.ts";
import { isDone } from "./missed-messages.ts";
import type { ReconnectingDevice } from "./reconnecting-device.ts";
import type { ServiceMessages } from "./service-messages.ts";
import type { ServiceSubscriptions } from "./service-subscriptions.ts";
import { SERVICE, type ServiceWorld } from "./service-world.ts";

/** Rows that a broadcast may add: itself, its audience, and what is not written elsewhere yet. */
const ROWS_OF_BROADCAST = 4;

/** Compares what devices are shown of a service with what was said there, and to whom. */
export class ServiceChecks {
  readonly #world: ServiceWorld;
  readonly #subscriptions: ServiceSubscriptions;
  readonly #messages: ServiceMessages;
  /** Nothing is thrown while the gateways run. */
  readonly #leaks: string[] = [];

  constructor(world: ServiceWorld, subscriptions: ServiceSubscriptions, messages: ServiceMessages) {
    this.#world = world;
    this.#subscriptions = subscriptions;
    this.#messages = messages;
  }

  /** A device received a frame: whatever it says, it says nothing of another's dialogue. */
  seen({ clientId, name }: ReconnectingDevice, frame: GenericCommand): void {
    for (const text of textsOf(frame)) {
      const [, audience] = /^([a-z,]+) #\d+$/.exec(text) ?? [];
      if (audience === undefined || audience === "subscribers" || audience.split(",").includes(clientId))
        continue;
      this.#leaks.push(`[I15] ${name} was shown "${text}"`);
    }
  }

  /** What all devices show, once they are back and everything has arrived. */
  check(): void {
    expect(this.#leaks).toEqual([]);
    const log = this.#messages.checkedLog();
    for (const device of this.#world.devices) {
      expect(device.shown.problems, device.name).toEqual([]);
      const copies = device.shown.copies.get(SERVICE) ?? new Map();
      expect([...copies.keys()], `${device.name} shows what was never said`).toEqual(
        [...copies.keys()].filter((id) => log.some(({ message }) => message.id === id)),
      );
      for (const { message, audience } of log) this.#checkCopy(device, message, audience);
      if (!this.#subscriptions.hasLeft(device.clientId)) this.#checkCount(device);
    }
  }

  #checkCopy(
    device: ReconnectingDevice,
    message: MessageRecord,
    audience: readonly string[] | "subscribers",
  ): void {
    const { clientId, name, mode, shown, firstOpenAt } = device;
    const { id, timestamp, from, patchedAt = 0, content: data } = message;
    const what = `${timestamp}, "${data}"`;
    const copy = shown.copies.get(SERVICE)?.get(id);
    const isForAll = audience === "subscribers";
    if (copy !== undefined) {
      const isTheirs = isForAll
        ? this.#subscriptions.covered(clientId, timestamp)
        : audience.includes(clientId);
      expect(isTheirs, `[I15] [V-02] ${name} shows ${what}`).toBe(true);
    }
    if (!this.#isNews(clientId, message, audience)) return;
    if (copy !== undefined)
      expect({ data: copy.data, patchedAt: copy.patchedAt }, `[V-07] ${name} shows ${what}`).toEqual({
        data,
        patchedAt,
      });
    if (copy !== undefined || mode !== catchUpModes.MESSAGES || from === clientId || timestamp <= firstOpenAt)
      return;
    expect(
      isDone(clientId, this.#world.devices, SERVICE, message),
      `[V-02] [V-03] ${name} misses ${what}`,
    ).toBe(true);
  }

  /** Whether a client hears of this message: it is its own, or was broadcast since it subscribed. */
  #isNews(
    clientId: string,
    { timestamp }: MessageRecord,
    audience: readonly string[] | "subscribers",
  ): boolean {
    if (audience !== "subscribers") return audience.includes(clientId);
    return timestamp > (this.#subscriptions.since(clientId) ?? Number.POSITIVE_INFINITY);
  }

  /** The counts of all devices, which have just logged in. */
  checkCounts(): void {
    expect(this.#leaks).toEqual([]);
    for (const device of this.#world.devices) this.#checkCount(device);
  }

  #checkCount({ clientId, name, mode, shown }: ReconnectingDevice): void {
    if (mode !== catchUpModes.COUNTS) return;
    const readCursor = this.#world.service.state.service?.readers.get(clientId).readCursor ?? 0;
    const unread = this.#messages
      .checkedLog()
      .filter(({ message, audience }) => this.#isNews(clientId, message, audience))
      .filter(({ message }) => message.from !== clientId && message.timestamp > readCursor);
    expect(shown.counts.get(SERVICE) ?? 0, `[I5] [Y-22] unread on ${name}`).toBe(unread.length);
  }

  /** The history that each device reads: its dialogue, and the broadcasts if it is subscribed. */
  async checkHistory(): Promise<void> {
    const log = this.#messages.checkedLog();
    for (const device of this.#world.devices) {
      const { clientId, name } = device;
      const isSubscribed = this.#subscriptions.since(clientId) !== undefined;
      const readable = log.filter(({ audience }) =>
        audience === "subscribers" ? isSubscribed : audience.includes(clientId),
      );
      let read: string[] | undefined;
      const logsMessage = { cid: SERVICE, limit: 1_000, direction: 2 };
      // If a call gets lost, the device asks again.
      for (let tries = 0; tries < 5 && read === undefined; tries += 1) {
        if (device.connection === "none") device.connect(false);
        await this.#world.settle();
        device.request({ cmd: "logs", logsMessage }, ({ frame }) => {
          read = frame.logsMessage?.logs.map(({ data }) => data);
        });
        await this.#world.settle();
      }
      expect(read, `[I15] [V-05] history on ${name}`).toEqual(readable.map(({ message }) => message.content));
    }
    expect(this.#leaks).toEqual([]);
  }

  /** A broadcast adds a few rows to the service and none to anybody's object, however many are subscribed. */
  async checkRows(): Promise<void> {
    const { cluster, service } = this.#world;
    const rowsOfClients = () => [...cluster.clients.values()].reduce((sum, { rows }) => sum + rows, 0);
    await this.#world.settle();
    const [before, beforeOfClients] = [service.rows, rowsOfClients()];
    this.#messages.broadcast();
    await this.#world.settle();
    expect(service.rows - before, "[V-02] rows of a broadcast").toBeLessThanOrEqual(ROWS_OF_BROADCAST);
    expect(rowsOfClients() - beforeOfClients, "[V-02] rows of a broadcast in clients").toBe(0);
  }
}

/** The texts of messages in a frame. */
function textsOf({ directMessage, unreadMessage, patchMessage, logsMessage }: GenericCommand): string[] {
  return [
    directMessage?.msg ?? "",
    ...(unreadMessage?.convs ?? []).map(({ data }) => data),
    ...(patchMessage?.patches ?? []).map(({ data }) => new TextDecoder().decode(data)),
    ...(logsMessage?.logs ?? []).map(({ data }) => data),
  ];
}
