import { Buffer } from "node:buffer";
import { createHmac, hkdfSync, timingSafeEqual } from "node:crypto";
import { toBase64Url } from "./base64.ts";

/** Ids of temporary conversations start so; every SDK switches on it (wire §4.5.1). */
export const TEMPORARY_PREFIX = "_tmp:";

/** Seconds, if its creator names no other (E-01). */
export const TIME_TO_LIVE_DEFAULT = 24 * 60 * 60;
/** Seconds. */
export const TIME_TO_LIVE_MAX = 30 * 24 * 60 * 60;

/** The parts of an id, in bytes: whose it is, when it began (ms), how long it lives (s), and the seal over these. */
const MEMBERS_BYTES = 15;
const BEGIN_BYTES = 6;
const LIFE_BYTES = 3;
const SEAL_BYTES = 12;
const SEALED_BYTES = MEMBERS_BYTES + BEGIN_BYTES + LIFE_BYTES;
/** Every part is a multiple of three bytes, so each has characters of its own. */
const CHARACTERS = ((SEALED_BYTES + SEAL_BYTES) / 3) * 4;
const NAME_CHARACTERS = (MEMBERS_BYTES / 3) * 4;

/** Whether an id is one of a temporary conversation, genuine or not. */
export const isTemporaryId = (id: string): boolean => id.startsWith(TEMPORARY_PREFIX);

/** The name of the object that has a conversation: the same for all temporary ones of the same members (E-05). */
export function objectNameOf(id: string): string {
  return isTemporaryId(id) ? id.slice(0, TEMPORARY_PREFIX.length + NAME_CHARACTERS) : id;
}

/** When a temporary conversation ends by its id (ms), if that is genuine; undefined for ids of any other form. */
export function endOf(id: string): number | undefined {
  const text = id.slice(TEMPORARY_PREFIX.length);
  if (!isTemporaryId(id) || text.length !== CHARACTERS) return undefined;
  const bytes = Buffer.from(text, "base64url");
  return (
    bytes.readUIntBE(MEMBERS_BYTES, BEGIN_BYTES) +
    bytes.readUIntBE(MEMBERS_BYTES + BEGIN_BYTES, LIFE_BYTES) * 1000
  );
}

/**
 * Ids of temporary conversations. No index has these conversations, so an id proves by itself that it was issued here,
 * and says when its conversation ends: no object is woken for any other.
 */
export class TemporaryIds {
  readonly #appId: string;
  readonly #masterKey: string;
  #key: Uint8Array | undefined;

  constructor(appId: string, masterKey: string) {
    this.#appId = appId;
    this.#masterKey = masterKey;
  }

  /**
   * An id for a temporary conversation that begins.
   *
   * @param members each once, in any order
   * @param now when it begins (ms)
   * @param timeToLive seconds, `TIME_TO_LIVE_MAX` at most
   */
  issue(members: readonly string[], now: number, timeToLive: number): string {
    const bytes = Buffer.alloc(SEALED_BYTES + SEAL_BYTES);
    this.#digest(`members:${JSON.stringify(members.toSorted())}`).copy(bytes, 0, 0, MEMBERS_BYTES);
    bytes.writeUIntBE(now, MEMBERS_BYTES, BEGIN_BYTES);
    bytes.writeUIntBE(timeToLive, MEMBERS_BYTES + BEGIN_BYTES, LIFE_BYTES);
    this.#seal(bytes).copy(bytes, SEALED_BYTES);
    return TEMPORARY_PREFIX + toBase64Url(bytes);
  }

  /** Whether an id was issued here. Its conversation may have ended. */
  isGenuine(id: string): boolean {
    if (endOf(id) === undefined) return false;
    const bytes = Buffer.from(id.slice(TEMPORARY_PREFIX.length), "base64url");
    return timingSafeEqual(bytes.subarray(SEALED_BYTES), this.#seal(bytes));
  }

  #seal(bytes: Buffer): Buffer {
    const sealed = bytes.subarray(0, SEALED_BYTES).toString("base64url");
    return this.#digest(`id:${sealed}`).subarray(0, SEAL_BYTES);
  }

  #digest(text: string): Buffer {
    if (!this.#masterKey) throw new Error("MASTER_KEY is not set"); // with an empty key, anybody could issue ids
    this.#key ??= new Uint8Array(
      hkdfSync("sha256", this.#masterKey, this.#appId, "parley temporary conversations", 32),
    );
    return createHmac("sha256", this.#key).update(text).digest();
  }
}
