import type { Outbound } from "../hooks/outbound.ts";
import type { Settings } from "../settings/schema.ts";
import type { Sql } from "../sql.ts";

export interface TokenKeeperHost {
  push(): Promise<Settings["push"]>;
  outbound(): Promise<Outbound>;
  now(): number;
}

const NOT_YET = "not written yet";

/** Makes and keeps the tokens by which providers know us. */
export class TokenKeeper {
  constructor(_sql: Sql, _host: TokenKeeperHost) {}

  async apns(_teamId: string, _keyId: string): Promise<string | undefined> {
    throw new Error(NOT_YET);
  }

  async fcm(): Promise<string | undefined> {
    throw new Error(NOT_YET);
  }

  refused(_token: string): void {
    throw new Error(NOT_YET);
  }
}
