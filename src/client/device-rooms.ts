import { elapsed } from "../elapsed.ts";
import type { ClientTables } from "./client-tables.ts";

type Row = { device: string; conversation_id: string; lost_at: number | null };

/**
 * The room that each device of a client is in: one row, written when it enters. A device that is lost there and comes
 * back in time is put back.
 */
export class DeviceRooms {
  readonly #tables: ClientTables;

  constructor(tables: ClientTables) {
    this.#tables = tables;
  }

  /** The device is in this room from now on, or in none. */
  set(device: string, conversationId: string | undefined): void {
    if (conversationId === undefined) return this.forget(device);
    const known = this.#row(device);
    if (known?.conversation_id === conversationId && known.lost_at === null) return;
    this.#tables.add("rooms", "INSERT OR REPLACE INTO rooms VALUES (?, ?, NULL)", device, conversationId);
  }

  /** The device left, or its client logged out there. */
  forget(device: string): void {
    if (this.#row(device) !== undefined)
      this.#tables.change("rooms", "DELETE FROM rooms WHERE device = ?", device);
  }

  forgetAll(): void {
    if (this.#tables.read("rooms", "SELECT 1 FROM rooms LIMIT 1").length > 0)
      this.#tables.change("rooms", "DELETE FROM rooms");
  }

  /** All devices but these were lost, now (ms) at the latest. */
  lostExcept(devices: readonly (string | undefined)[], now: number): void {
    for (const { device, lost_at } of this.#tables.read<Row>("rooms", "SELECT * FROM rooms"))
      if (lost_at === null && !devices.includes(device))
        this.#tables.change("rooms", "UPDATE rooms SET lost_at = ? WHERE device = ?", now, device);
  }

  /**
   * The device logs in: the room that it was in, if it was lost there this short a time (ms) ago. Devices that were lost
   * before are forgotten.
   */
  returned(device: string, now: number, within: number): string | undefined {
    let room: string | undefined;
    for (const row of this.#tables.read<Row>("rooms", "SELECT * FROM rooms")) {
      if (row.lost_at !== null && elapsed(row.lost_at, now) > within) this.forget(row.device);
      else if (row.device === device) room = row.conversation_id;
    }
    if (room !== undefined) this.set(device, room);
    return room;
  }

  #row(device: string): Row | undefined {
    return this.#tables.read<Row>("rooms", "SELECT * FROM rooms WHERE device = ?", device)[0];
  }
}
