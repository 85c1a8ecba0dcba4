import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { build } from "../../../scripts/build.ts";

/**
 * Bundles the Worker and the page once for all servers of a run. The servers find the Worker by
 * `PARLEY_TEST_WORKER`, and the page where every start puts it.
 */
export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), "parley-build-"));
  const path = join(folder, "worker.js");
  const bundle = async () => writeFile(path, await build());
  await bundle();
  project.onTestsRerun(bundle);
  process.env.PARLEY_TEST_WORKER = path;
  return () => rm(folder, { recursive: true, force: true });
}
