import { defineConfig } from "drizzle-kit";

/*
 * D1 bills every row and every index entry written, so tables keyed by text are WITHOUT ROWID (the key is the table, not
 * an index beside it). Drizzle cannot say that: the generated SQL in migrations/ is edited by hand, and a regenerated
 * migration must be edited again.
 */
export default defineConfig({ dialect: "sqlite", schema: "./src/database/schema/*.ts", out: "./migrations" });
