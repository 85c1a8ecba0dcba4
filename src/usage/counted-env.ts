import type { Env } from "../bindings.ts";
import { isDatabase } from "../database/is-database.ts";
import { CountedDatabase } from "./counted-database.ts";
import type { UsageMeter } from "./usage-meter.ts";
import { meterUsage, usageOf } from "./usage-of.ts";

const countedEnvs = new WeakMap<Env, Env>();
const countedDatabases = new WeakMap<D1Database, D1Database>();

/** The same bindings, with every D1 counted. Everything in this isolate gets the same ones of those. */
export function counted(env: Env): Env {
  const known = countedEnvs.get(env);
  if (known !== undefined) return known;
  const usage = usageOf(env);
  const databases = Object.fromEntries(
    Object.entries(env).flatMap(([name, binding]) =>
      isDatabase(binding) ? [[name, countedDatabase(binding, usage)]] : [],
    ),
  );
  const made = Object.assign({}, env, databases);
  meterUsage(made, usage);
  countedEnvs.set(env, made);
  countedEnvs.set(made, made);
  return made;
}

function countedDatabase(database: D1Database, usage: UsageMeter): D1Database {
  const known = countedDatabases.get(database);
  if (known !== undefined) return known;
  const made = new CountedDatabase(database, (rowsRead, rowsWritten) => {
    usage.add("databaseCalls", 1);
    if (rowsRead > 0) usage.add("databaseRowsRead", rowsRead);
    if (rowsWritten > 0) usage.add("databaseRows", rowsWritten);
  });
  countedDatabases.set(database, made);
  countedDatabases.set(made, made);
  return made;
}
