import { importPKCS8, SignJWT } from "jose";
import type { VendorName } from "../model/provider-name.ts";
import type { Outbound } from "../outbound/http-client.ts";
import type { Settings } from "../settings/schema.ts";
import type { Sql } from "../sql.ts";
import type { ApnsKey } from "./apns-key.ts";
import { exchangeForFcmToken } from "./fcm-token.ts";
import { fingerprintOf } from "./fingerprint.ts";
import type { PushTables } from "./push-tables.ts";
import { tokenMakerOf } from "./vendors/vendor-tokens.ts";

export interface TokenKeeperHost {
  push(): Promise<Settings["push"]>;
  outbound(): Promise<Outbound>;
  now(): number;
}

const MINUTE = 60_000; // ms

/** Apple refuses more frequent new tokens with 429. */
const APNS_AGE_MIN = 20 * MINUTE;
/** Apple refuses tokens that are older than an hour. */
const APNS_AGE_MAX = 50 * MINUTE;
/** FCM's token is not used in its last minutes, so that calls in progress can end. */
const FCM_RESERVE = 5 * MINUTE;
/** A token that is refused at this age is not the problem, and vendors limit how often they give one. */
const VENDOR_AGE_MIN = MINUTE;
/** Less than a push waits for its second attempt: a maker that gave no token is not asked again for each push. */
const VENDOR_FAILED_FOR = 3_000; // ms

const FCM = "fcm";

interface Made {
  token: string;
  /** The time to replace it (ms). */
  renewAt: number;
}

type Row = {
  fingerprint: string;
  token: string;
  made_at: number;
  renew_at: number;
  refused: number;
};

/**
 * Creates and stores the access tokens for providers, a row for each key, so that they outlive the object's eviction. A
 * replaced key has another fingerprint.
 */
export class TokenKeeper {
  readonly #sql: Sql;
  readonly #host: TokenKeeperHost;
  /** Tokens that are being made: callers at the same time share one. */
  readonly #making = new Map<string, Promise<string>>();
  /** By name, for which keys a phone maker gave no token last, why, and until when that counts (ms). */
  readonly #failed = new Map<string, { credentials: string; error: unknown; until: number }>();

  constructor(tables: PushTables, host: TokenKeeperHost) {
    tables.create("tokens");
    this.#sql = tables.sql;
    this.#host = host;
  }

  /** The provider token for one of the app's APNs keys; undefined if the key does not exist. */
  async apns(teamId: string, keyId: string): Promise<string | undefined> {
    const { apns } = await this.#host.push();
    const key = apns.keys.find((one) => one.teamId === teamId && one.keyId === keyId);
    if (key === undefined) return undefined;
    const name = `apns ${JSON.stringify([teamId, keyId])}`;
    return this.#token(name, key.privateKey, APNS_AGE_MIN, async (now) => ({
      token: await providerTokenOf(key, now),
      renewAt: now + APNS_AGE_MAX,
    }));
  }

  /** The access token for FCM; undefined without a service account. Rejects if Google returns none. */
  async fcm(): Promise<string | undefined> {
    const account = (await this.#host.push()).fcm.serviceAccount;
    if (account === null) return undefined;
    const outbound = await this.#host.outbound();
    return this.#token(FCM, JSON.stringify(account), 0, async (now) => {
      const { token, expiresAt } = await exchangeForFcmToken(account, outbound, now);
      return { token, renewAt: expiresAt - FCM_RESERVE };
    });
  }

  /**
   * The access token for a profile of a phone maker's service, and its keys' fingerprint; undefined if there is no such
   * profile. Rejects if the maker gives none.
   */
  async vendor(
    vendor: VendorName,
    profile: string,
    region: string | undefined,
  ): Promise<{ token: string; fingerprint: string } | undefined> {
    const maker = tokenMakerOf(await this.#host.push(), vendor, profile, region);
    if (maker === undefined) return undefined;
    const outbound = await this.#host.outbound();
    const name = `${vendor} ${JSON.stringify(region === undefined ? profile : [profile, region])}`;
    const { credentials } = maker;
    const token = await this.#token(name, credentials, VENDOR_AGE_MIN, async (now) => {
      const failed = this.#failed.get(name);
      if (failed?.credentials === credentials && now < failed.until) throw failed.error;
      this.#failed.delete(name);
      try {
        return await maker.fetch(outbound, now);
      } catch (error) {
        this.#failed.set(name, { credentials, error, until: this.#host.now() + VENDOR_FAILED_FOR });
        throw error;
      }
    });
    return { token, fingerprint: await fingerprintOf(credentials) };
  }

  /** Marks a refused token: the next call creates another, if this one is old enough. */
  refused(token: string): void {
    this.#sql.exec("UPDATE tokens SET refused = 1 WHERE token = ?", token);
  }

  /**
   * The stored token, or a new one.
   *
   * @param ageMin the age (ms) before the same secret may get another token
   */
  async #token(
    name: string,
    secret: string,
    ageMin: number,
    make: (now: number) => Promise<Made>,
  ): Promise<string> {
    const fingerprint = await fingerprintOf(secret);
    const kept = this.#kept(name, fingerprint, ageMin);
    if (kept !== undefined) return kept;
    const key = `${name} ${fingerprint}`;
    const making = this.#making.get(key) ?? this.#make(name, fingerprint, make);
    this.#making.set(key, making);
    return making.finally(() => this.#making.delete(key));
  }

  async #make(name: string, fingerprint: string, make: (now: number) => Promise<Made>): Promise<string> {
    const now = this.#host.now();
    const { token, renewAt } = await make(now);
    this.#sql.exec(
      "INSERT OR REPLACE INTO tokens (name, fingerprint, token, made_at, renew_at, refused) VALUES (?, ?, ?, ?, ?, 0)",
      ...[name, fingerprint, token, now, renewAt],
    );
    return token;
  }

  #kept(name: string, fingerprint: string, ageMin: number): string | undefined {
    const [row] = this.#sql
      .exec<Row>(
        "SELECT fingerprint, token, made_at, renew_at, refused FROM tokens WHERE name = ? AND fingerprint = ?",
        ...[name, fingerprint],
      )
      .toArray();
    if (row === undefined) return undefined;
    const now = this.#host.now();
    // A token from the future was created with a wrong clock, and Apple refuses it like an old one.
    const age = Math.abs(now - row.made_at);
    const good = now < row.renew_at && age < row.renew_at - row.made_at && row.refused === 0;
    return good || age < ageMin ? row.token : undefined;
  }
}

async function providerTokenOf({ teamId, keyId, privateKey }: ApnsKey, now: number): Promise<string> {
  return new SignJWT({})
    .setProtectedHeader({ alg: "ES256", kid: keyId })
    .setIssuer(teamId)
    .setIssuedAt(Math.floor(now / 1_000))
    .sign(await importPKCS8(privateKey.trim(), "ES256"));
}
