import { createHmac } from "node:crypto";

/** Signing as an app's own server does it, by the documents and nothing of ours. */

export function hmac(masterKey: string, text: string): string {
  return createHmac("sha1", masterKey).update(text, "utf8").digest("hex");
}

interface Stamp {
  /** Milliseconds, or seconds as some samples have it. */
  timestamp: number;
  nonce: string;
}

/**
 * The current time (ms) to sign with. It is never in whole seconds: such a time stands for its whole second, and a kick
 * within that second would not revoke the signature.
 */
export function signingTime(): number {
  const now = Date.now();
  return now % 1000 === 0 ? now - 1 : now;
}

let nonces = 0;

export function stamped(timestamp: number): Stamp {
  nonces += 1;
  return { timestamp, nonce: `n0nce${nonces}` };
}

/** `s`, `t`, `n` as they go into a command. */
export function onTheWire(signature: string, { timestamp, nonce }: Stamp) {
  return { s: signature, t: timestamp, n: nonce };
}
