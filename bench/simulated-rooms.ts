import { simulateRoom } from "./simulated-room.ts";
import { decimal, table, whole } from "./table.ts";

/** People of a room whose gateways, relays and room are simulated. */
const SIMULATED_SIZES = [2_000, 100_000, 1_000_000];

/** Simulates the relays of rooms of several sizes, and prints what they cost. */
export async function printTree(progress: (what: string) => void): Promise<void> {
  const rows: string[][] = [];
  for (const size of SIMULATED_SIZES) {
    progress(`a simulated room of ${size}`);
    const room = await simulateRoom(size);
    rows.push([
      whole(size),
      whole(room.relays),
      decimal(room.requests),
      whole(room.relayCalls),
      whole(room.rows),
      decimal(room.calls.alone),
      decimal(room.calls.together),
      whole(room.frames.all),
      whole(room.frames.busiest),
      `${whole(room.left.relays)}, ${whole(room.left.rows)}`,
    ]);
  }
  const head = [
    "people",
    "relays",
    "requests to enter, each",
    "calls of relays meanwhile",
    "rows",
    "calls for a message",
    "for each of 100 at once",
    "frames",
    "of the busiest",
    "relays left, rows",
  ];
  console.log(`\n${table(head, rows)}`);
}
