import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { build } from "../../../scripts/build.ts";

/** Builds the Worker and the page once for all servers of a run, which find the build by `PARLEY_TEST_BUILD`. */
export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), "parley-build-"));
  const path = join(folder, "build.json");
  const write = async () => writeFile(path, JSON.stringify(await build()));
  await write();
  project.onTestsRerun(write);
  process.env.PARLEY_TEST_BUILD = path;
  return () => rm(folder, { recursive: true, force: true });
}
