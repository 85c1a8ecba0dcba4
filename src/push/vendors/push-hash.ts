import { createHash } from "node:crypto";

/** A hash of a push's id, for vendors whose own ids are shorter or for some devices: the same at every attempt. */
export interface PushHash {
  /** 64 digits from 0 to f. */
  hex: string;
  /** From 0 to 2^31 - 1. */
  number: number;
}

export function pushHash(id: string): PushHash {
  const digest = createHash("sha256").update(id).digest();
  return { hex: digest.toString("hex"), number: digest.readUInt32BE() >>> 1 };
}
