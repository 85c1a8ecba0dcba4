import { forgetUnclaimed, unclaimedSince } from "../database/files/unclaimed-objects.ts";
import { removeAwaiting } from "../database/files/uploads.ts";
import type { Deployment } from "../model/deployment.ts";
import { type StorageEnv, storageOf } from "./storage.ts";

/** A row that got no bytes, and an object that no file has, are removed after this time (ms). No upload takes as long. */
const KEPT = 24 * 60 * 60 * 1_000;
/** Rows and objects removed at once: R2 deletes up to 1,000 by one call. */
const AT_ONCE = 1_000;

/** Removes files that never got their bytes, and objects that belong to no file. Throws if D1 or the storage fail. */
export async function removeAbandonedFiles(env: StorageEnv & Pick<Deployment, "DB">): Promise<void> {
  const before = Date.now() - KEPT;
  while ((await removeAwaiting(env.DB, before, AT_ONCE)) === AT_ONCE);
  const storage = storageOf(env);
  if (storage === undefined) return;
  for (;;) {
    const names = await unclaimedSince(env.DB, before, AT_ONCE);
    if (names.length === 0) return;
    await storage.delete(names);
    await forgetUnclaimed(env.DB, names);
  }
}
