import { applyD1Migrations, type D1Migration } from "cloudflare:test";
import { env } from "cloudflare:workers";
import type { ConversationRecord, MessageRecord } from "../../../src/history/records.ts";

declare global {
  namespace Cloudflare {
    interface Env {
      DB: D1Database;
      TEST_MIGRATIONS: D1Migration[];
    }
  }
}

/** D1 with its tables; its rows are the test file's own. */
export async function database(): Promise<D1Database> {
  await applyD1Migrations(env.DB, env.TEST_MIGRATIONS);
  return env.DB;
}

/** Adds up what D1 would bill for the batches that go through it. */
export class BilledDatabase implements D1Database {
  rowsWritten = 0;
  rowsRead = 0;
  readonly #db: D1Database;

  constructor(db: D1Database) {
    this.#db = db;
  }

  async batch<T>(statements: D1PreparedStatement[]): Promise<D1Result<T>[]> {
    const results = await this.#db.batch<T>(statements);
    for (const { meta } of results) {
      this.rowsWritten += meta.rows_written;
      this.rowsRead += meta.rows_read;
    }
    return results;
  }

  prepare(query: string): D1PreparedStatement {
    return this.#db.prepare(query);
  }

  exec(query: string): Promise<D1ExecResult> {
    return this.#db.exec(query);
  }

  withSession(constraint?: string): D1DatabaseSession {
    return this.#db.withSession(constraint);
  }

  dump(): Promise<ArrayBuffer> {
    return this.#db.dump();
  }
}

export function conversation(
  id: string,
  fields: Partial<Omit<ConversationRecord, "id">> = {},
): ConversationRecord {
  return {
    id,
    kind: "normal",
    name: undefined,
    creator: "alice",
    members: ["alice"],
    muted: [],
    attributes: {},
    columns: {},
    unique: false,
    uniqueId: undefined,
    createdAt: 1000,
    updatedAt: 1000,
    lastMessageAt: undefined,
    timeToLive: undefined,
    ...fields,
  };
}

export function message(timestamp: number, fields: Partial<MessageRecord> = {}): MessageRecord {
  return {
    timestamp,
    id: `message-${timestamp}`,
    from: "alice",
    content: `said at ${timestamp}`,
    mentionAll: false,
    mentions: [],
    receipt: false,
    patchedAt: undefined,
    recalled: false,
    ...fields,
  };
}
