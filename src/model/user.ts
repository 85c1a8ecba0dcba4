import type { JsonObject } from "./json.ts";

/** A password's hash and everything that it takes to check a password against it. */
export type StoredPassword =
  /** LeanCloud's: SHA-512 over salt and password, then 512 times over the digest. Base64. */
  | { kind: "leancloud"; salt: string; hash: string }
  /** So many times scrypt, each over the result of the one before. Salt and hash in Base64. */
  | { kind: "scrypt"; cost: number; blockSize: number; rounds: number; salt: string; hash: string };

/** A session token as it is stored: what it is found by, and the token itself, encrypted. */
export interface StoredToken {
  tokenHash: string;
  sealedToken: string;
}

/** The parts of a user that the user or the owner changes. */
export interface UserContent {
  username: string;
  email: string | undefined;
  /** `mobilePhoneNumber`. */
  phone: string | undefined;
  emailVerified: boolean | undefined;
  phoneVerified: boolean | undefined;
  /** By platform: the user's id there and what else the app sent. */
  authData: JsonObject;
  acl: JsonObject | undefined;
  /** The app's own columns. */
  fields: JsonObject;
}

/** A user of the app (C-05). */
export interface User extends UserContent, StoredToken {
  id: string;
  password: StoredPassword | undefined;
  /** Milliseconds. */
  createdAt: number;
  /** Grows with every change but that of a password's hash to a better one. */
  updatedAt: number;
}
