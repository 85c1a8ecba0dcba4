import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { build } from "../../../scripts/build.ts";
import { startServer } from "../../support/server.ts";

/**
 * Builds the Worker and the page once for all servers of a run, which find the build by `PARLEY_TEST_BUILD`. A first
 * server starts from nothing; the others begin with the tables that it made in D1 (`PARLEY_TEST_DATABASE`), which saves
 * each a third of a second. Node compiles its modules once for all processes.
 */
export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), "parley-build-"));
  const path = join(folder, "build.json");
  const write = async () => writeFile(path, JSON.stringify(await build()));
  await write();
  project.onTestsRerun(write);
  process.env.PARLEY_TEST_BUILD = path;
  process.env.NODE_COMPILE_CACHE = join(folder, "compiled");
  const data = join(folder, "data");
  await (await startServer({ data })).stop();
  process.env.PARLEY_TEST_DATABASE = join(data, "d1");
  return () => rm(folder, { recursive: true, force: true });
}
