import type { Deployment } from "../model/deployment.ts";
import { BucketStorage } from "./bucket-storage.ts";
import type { FileStorage } from "./file-storage.ts";
import { FolderStorage } from "./folder-storage.ts";

export type { FileStorage, Span } from "./file-storage.ts";

/** What a deployment has for the bytes of files. */
export type StorageEnv = Pick<Deployment, "FILES" | "FILES_FOLDER">;

/** The storage of this deployment; undefined if it has none. */
export function storageOf({ FILES, FILES_FOLDER }: StorageEnv): FileStorage | undefined {
  if (FILES_FOLDER !== undefined) return new FolderStorage(FILES_FOLDER);
  return FILES === undefined ? undefined : new BucketStorage(FILES);
}
