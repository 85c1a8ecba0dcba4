import { addFile } from "../../../src/database/files/files.ts";
import { world } from "../support/world.ts";

/** Files as an upload or an import leaves them: a row, and bytes under a name that nobody sees. */

export interface Given {
  key: string;
  bytes?: Uint8Array | string;
  name?: string;
  mimeType?: string;
  createdAt?: number;
}

let count = 0;

/** Stores a file; resolves to the name of its bytes in the bucket. */
export async function storeFile({
  key,
  bytes = "",
  name = "cat.png",
  mimeType = "image/png",
  createdAt = Date.UTC(2026, 10, 28, 12),
}: Given): Promise<string> {
  count += 1;
  const object = `object-${count}`;
  const content = typeof bytes === "string" ? new TextEncoder().encode(bytes) : bytes;
  await bucket().put(object, content);
  await addFile(world.DB, {
    id: `${count}`.padStart(24, "0"),
    name,
    mimeType,
    metaData: {},
    acl: undefined,
    fields: {},
    content: { state: "stored", key, object, size: content.length, token: undefined },
    createdAt,
    updatedAt: createdAt,
  });
  return object;
}

export function bucket(): R2Bucket {
  if (world.FILES === undefined) throw new Error("the tests have a bucket");
  return world.FILES;
}
