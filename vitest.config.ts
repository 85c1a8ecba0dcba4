import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";
import { requirements } from "./test/server/support/requirements.ts";
import { RequirementsReporter } from "./test/server/support/requirements-reporter.ts";
import { hibernatingTests } from "./test/workers/support/hibernating.ts";

/** What is polled for comes within this time (ms): the machine may be busy. */
const POLLED = { poll: { timeout: 10_000 } };

/** Tests inside workerd. With `HIBERNATE` every object hibernates between commands (I9). */
function inWorkerd(name: string, include: string[], bindings: Record<string, string>) {
  return {
    plugins: [
      cloudflareTest(async () => ({
        wrangler: { configPath: "./wrangler.toml" },
        miniflare: {
          // wrangler.toml names no bucket, since an account may have none.
          r2Buckets: { FILES: "parley-files" },
          // Likewise: further databases of messages.
          d1Databases: { DB_1: "parley-1", DB_2: "parley-2" },
          bindings: {
            APP_ID: "parley-test",
            APP_KEY: "parley-test-key",
            MASTER_KEY: "parley-test-master",
            TEST_MIGRATIONS: await readD1Migrations("./migrations"),
            ...bindings,
          },
        },
      })),
    ],
    test: {
      name,
      include,
      testTimeout: 30_000,
      hookTimeout: 60_000,
      expect: POLLED,
      // Starting workerd takes longer than most files: three of them run all files, each of which empties what is stored.
      isolate: false,
      sequence: { groupOrder: 1 },
    },
  };
}

/** Tests that measure the time of a server: nothing else runs beside them. */
const MEASURING = ["test/server/cost-fuzz.test.ts"];

/** Tests against running servers. */
function onServers(name: string, groupOrder: number, files: { include: string[]; exclude?: string[] }) {
  return {
    test: {
      name,
      globalSetup: "test/server/support/global-setup.ts",
      // `false` would take back what another tag skips.
      tags: requirements.map(({ tag, isMet }) => ({ name: tag, skip: isMet() ? undefined : true })),
      testTimeout: 120_000,
      hookTimeout: 120_000,
      expect: POLLED,
      sequence: { groupOrder },
      ...files,
    },
  };
}

export default defineConfig({
  test: {
    reporters: ["default", ...(process.env.CI ? ["json"] : []), new RequirementsReporter()],
    outputFile: { json: "artifacts/tests.json" },
    // They mostly wait: for D1 and alarms, for starts, retries and what must not come. Three files at a time leave a
    // quarter of two cores idle (November 2026); Vitest would run one.
    maxWorkers: 3,
    // What the rules log when links break is of use only where something fails.
    silent: "passed-only",
    projects: [
      { test: { name: "rules", include: ["test/rules/**/*.test.ts"], sequence: { groupOrder: 0 } } },
      inWorkerd("workers", ["test/workers/**/*.test.ts"], {}),
      inWorkerd("workers, hibernated", hibernatingTests(), { HIBERNATE: "1" }),
      // After the others: they start servers, browsers and engines.
      onServers("server", 2, { include: ["test/server/**/*.test.ts"], exclude: MEASURING }),
      onServers("server, alone", 3, { include: MEASURING }),
    ],
  },
});
