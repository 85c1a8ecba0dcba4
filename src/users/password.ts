import { createHash, scryptSync, timingSafeEqual } from "node:crypto";
import type { StoredPassword } from "../model/user.ts";
import { fromBase64, toBase64 } from "../protocol/base64.ts";

/**
 * New hashes: five times scrypt with 16 MiB each, as much work as is recommended for it (OWASP: N = 2^14, r = 8, p = 5).
 * One of the five takes 25 ms in workerd (2026-11-28), after which everybody else has a turn. The numbers are stored
 * with each hash: they can be raised, and older hashes stay valid.
 */
const CURRENT = { cost: 16_384, blockSize: 8, rounds: 5 };
const SALT_BYTES = 16;
const HASH_BYTES = 32;
const SCRYPT_MEMORY = 64 * 1024 * 1024; // bytes, at most

/** LeanCloud hashes the digest so many times more. */
const LEANCLOUD_ROUNDS = 512;

/** The longest password that is hashed, in characters. */
export const PASSWORD_LENGTH_MAX = 1_024;

/** The hash functions, and the turn for everybody else after each piece of work. */
export interface PasswordHashing {
  scrypt(password: Uint8Array, salt: Uint8Array, by: { cost: number; blockSize: number }): Uint8Array;
  leanCloud(password: string, salt: string): string;
  pause(): Promise<void>;
}

/** How a password was found: right, also with a better hash that should replace the stored one; or wrong. */
export type PasswordCheck = { isRight: true; better: StoredPassword | undefined } | { isRight: false };

/** Hashes and checks passwords. The work is the same for a right password, a wrong one, and a user who is not there. */
export class Passwords {
  readonly #hashing: PasswordHashing;

  constructor(hashing: PasswordHashing) {
    this.#hashing = hashing;
  }

  /** The hash to store for a password. */
  async hash(password: string): Promise<StoredPassword> {
    const salt = crypto.getRandomValues(new Uint8Array(SALT_BYTES));
    const hash = await this.#scrypt(password, salt, CURRENT);
    return { kind: "scrypt", ...CURRENT, salt: toBase64(salt), hash: toBase64(hash) };
  }

  /** @param stored undefined for a user who is not there or has no password: then no password is right */
  async check(stored: StoredPassword | undefined, password: string): Promise<PasswordCheck> {
    const imported = stored?.kind === "leancloud" ? stored : undefined;
    const own = stored?.kind === "scrypt" ? stored : undefined;
    const old = this.#hashing.leanCloud(password, imported?.salt ?? "");
    await this.#hashing.pause();
    // For an imported hash this is the better one, and otherwise the same work.
    const salt = own === undefined ? undefined : fromBase64(own.salt);
    const used = salt ?? crypto.getRandomValues(new Uint8Array(SALT_BYTES));
    const by = own ?? CURRENT;
    const hash = await this.#scrypt(password, used, by);
    if (imported !== undefined) {
      if (!isSame(old, imported.hash)) return { isRight: false };
      const better: StoredPassword = {
        kind: "scrypt",
        ...CURRENT,
        salt: toBase64(used),
        hash: toBase64(hash),
      };
      return { isRight: true, better };
    }
    if (own === undefined || salt === undefined || !isSame(toBase64(hash), own.hash))
      return { isRight: false };
    const isCurrent =
      own.cost === CURRENT.cost && own.blockSize === CURRENT.blockSize && own.rounds === CURRENT.rounds;
    return { isRight: true, better: isCurrent ? undefined : await this.hash(password) };
  }

  async #scrypt(
    password: string,
    salt: Uint8Array,
    { rounds, ...by }: { cost: number; blockSize: number; rounds: number },
  ): Promise<Uint8Array> {
    let hash: Uint8Array = new TextEncoder().encode(password);
    for (let round = 0; round < rounds; round += 1) {
      hash = this.#hashing.scrypt(hash, salt, by);
      await this.#hashing.pause();
    }
    return hash;
  }
}

/** The hash functions of the runtime. */
export const nodeHashing: Omit<PasswordHashing, "pause"> = {
  scrypt: (password, salt, { cost, blockSize }) =>
    scryptSync(password, salt, HASH_BYTES, { N: cost, r: blockSize, p: 1, maxmem: SCRYPT_MEMORY }),
  leanCloud: (password, salt) => {
    let digest = createHash("sha512").update(salt).update(password).digest();
    for (let round = 0; round < LEANCLOUD_ROUNDS; round += 1)
      digest = createHash("sha512").update(digest).digest();
    return digest.toString("base64");
  },
};

/** Compares in a time that does not depend on where two hashes differ. */
function isSame(one: string, other: string): boolean {
  const [left, right] = [one, other].map((text) => new TextEncoder().encode(text));
  return (
    left !== undefined && right !== undefined && left.length === right.length && timingSafeEqual(left, right)
  );
}
