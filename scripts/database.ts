import { fileURLToPath } from "node:url";
import type { Miniflare } from "miniflare";
import * as v from "valibot";
import { adoptArchive, archiveDatabases } from "./archive-databases.ts";
import { applyMigrations, type Database } from "./migrations.ts";
import { Log, LogLevel } from "./miniflare.ts";
import { Refusal, type StartOptions } from "./options.ts";
import { errorLine, untilDone } from "./supervisor.ts";

const MIGRATIONS = fileURLToPath(new URL("../migrations", import.meta.url));

/**
 * Brings D1's tables up to date before anything uses them: in a separate runtime without objects, which ends
 * afterwards. Otherwise an object with an overdue alarm would run, or a request be handled, with tables of an earlier
 * version. Returns the stored overrides of the settings, as JSON. Throws a `Refusal` if a migration fails.
 *
 * @param make starts a runtime that has D1, as `DB` and the names of `ARCHIVE`, and no objects
 */
export function prepareDatabase(
  make: () => Miniflare,
  { variables }: Pick<StartOptions, "variables">,
): Promise<string | undefined> {
  return untilDone(
    "preparing the database",
    async () => {
      const runtime = make();
      try {
        const databases = new Map<string, Database>();
        for (const name of ["DB", ...Object.keys(archiveDatabases(variables))]) {
          const database = await runtime.getD1Database(name);
          await applyMigrations(database, MIGRATIONS);
          databases.set(name, database);
        }
        await adoptArchive(databases, variables);
        return await storedSettings(await runtime.getD1Database("DB"));
      } finally {
        await runtime.dispose().catch(() => {});
      }
    },
    (error) =>
      error instanceof Refusal
        ? error
        : isOfTheData(error)
          ? new Refusal(`Not started: D1's tables could not be brought up to date: ${errorLine(error)}`, 1)
          : undefined,
    (line) => console.warn(line),
  );
}

/** SQLite's errors about a statement or a file do not go away with a retry. A full disk may. */
function isOfTheData(error: unknown): boolean {
  return /SQLITE_(ERROR|CORRUPT|NOTADB|CONSTRAINT|MISMATCH)/.test(errorLine(error));
}

const Row = v.object({ value: v.string() });

async function storedSettings(database: Database): Promise<string | undefined> {
  const { results } = await database
    .prepare("SELECT value FROM settings WHERE key = ?")
    .bind("settings")
    .all<unknown>();
  const row = v.safeParse(Row, results[0]);
  return row.success ? row.output.value : undefined;
}

/** Miniflare's own log, without its restarts, which are reported separately. */
export class QuietLog extends Log {
  constructor() {
    super(LogLevel.WARN);
  }

  override warn(message: string): void {
    if (!message.startsWith("The Workers runtime crashed unexpectedly")) super.warn(message);
  }

  override error(message: Error): void {
    if (!message.message.startsWith("The Workers runtime failed to restart")) super.error(message);
  }
}
