/** Turns of the thread after which everything that one device sent together has arrived (measured). */
const TURNS = 4;

/** Storage that resolves once what was written is durable, as far as it is used here. */
interface SyncedStorage {
  sync(): Promise<void>;
}

/**
 * Calls `run` after a few turns of the thread, unless `isWanted` returns false before. If the clock is set back,
 * workerd's timers stop until it has caught up. Storage syncs still resolve; without a write, they resolve after one
 * turn, in which only a few of the frames that have arrived are handled.
 */
export async function afterTurns(
  storage: SyncedStorage,
  run: () => void,
  isWanted = () => true,
): Promise<void> {
  for (let turn = 0; turn < TURNS; turn += 1) {
    await storage.sync().catch(() => {});
    if (!isWanted()) return;
  }
  run();
}

/** Calls `run` once in a later turn, even if the clock stands still. */
export function inNextTurn(storage: SyncedStorage, run: () => void): void {
  let done = false;
  const once = () => {
    if (done) return;
    done = true;
    run();
  };
  setTimeout(once, 0);
  void afterTurns(storage, once);
}
