import type { Env } from "../../bindings.ts";
import { forgetUnclaimed } from "../../database/files/unclaimed-objects.ts";
import { withDeadline } from "../../deadline.ts";
import { type StorageEnv, storageOf } from "../../files/storage.ts";
import { loggableError } from "../../loggable-error.ts";

const DEADLINE = 8_000; // ms for each of the two calls

/** Deletes objects that no file has any more. Never rejects: the daily cleanup finds what is left. */
export async function deleteObjects(env: StorageEnv & Pick<Env, "DB">, names: string[]): Promise<void> {
  const storage = storageOf(env);
  if (names.length === 0 || storage === undefined) return;
  try {
    await withDeadline(storage.delete(names), DEADLINE, "deleting bytes of files");
    await withDeadline(forgetUnclaimed(env.DB, names), DEADLINE, "forgetting deleted bytes");
  } catch (error) {
    console.warn("files: bytes are left for the daily cleanup:", loggableError(error));
  }
}
