import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";
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
      setupFiles: "test/workers/support/late-logs.ts",
      testTimeout: 30_000,
      hookTimeout: 60_000,
      expect: POLLED,
      // Starting workerd takes longer than most files: a few of them run all files, each of which empties what is stored.
      isolate: false,
      // Their files wait half of the time.
      maxWorkers: 4,
      sequence: { groupOrder: 1 },
    },
  };
}

/** Files that take longest. Vitest would begin with the largest ones, and at the end wait for one of these. */
const SLOW = [
  ...["rules/model/services", "rules/model/unique-conversations", "rules/model/failing-objects"],
  ...["workers/http/examples", "workers/room-relays"],
  ...["server/moving/import", "server/moving/reports", "server/export/refusals", "server/docs"],
  ...["server/hooks/service-hook", "server/host/kills", "server/host/start-order", "server/host/backup"],
].map((name) => `/test/${name}.test.ts`);

/** Puts a short file after each long one: several long files at once mostly wait, and leave the processor idle. */
function alternating(files: TestSpecification[]): TestSpecification[] {
  const small = files.slice(Math.ceil(files.length / 2)).reverse();
  return files
    .slice(0, Math.ceil(files.length / 2))
    .flatMap((large, index) => [large, ...small.slice(index, index + 1)]);
}

/** Begins each project with the files that take longest. */
class SlowFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isSlow = ({ moduleId }: TestSpecification) => SLOW.some((name) => moduleId.endsWith(name));
    const projects = Map.groupBy(await super.sort(files), ({ project }) => project.name);
    return [...projects.values()].flatMap((each) => [
      ...each.filter(isSlow),
      ...alternating(each.filter((file) => !isSlow(file))),
    ]);
  }
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
    // They wait as much as they work; of two cores Vitest would use one. With three at a time, servers and browsers
    // share a slow machine's cores until something takes too long (November 2026).
    maxWorkers: 2,
    // What the rules log when links break is of use only where something fails.
    silent: "passed-only",
    sequence: { sequencer: SlowFirst },
    projects: [
      {
        test: {
          name: "rules",
          include: ["test/rules/**/*.test.ts"],
          sequence: { groupOrder: 0 },
        },
      },
      inWorkerd("workers", ["test/workers/**/*.test.ts"], {}),
      inWorkerd("workers, hibernated", hibernatingTests(), { HIBERNATE: "1" }),
      // After the others: they start servers, browsers and engines.
      onServers("server", 2, { include: ["test/server/**/*.test.ts"], exclude: MEASURING }),
      onServers("server, alone", 3, { include: MEASURING }),
    ],
  },
});
