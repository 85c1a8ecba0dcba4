import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { randomApp } from "../support/leancloud/app-data.ts";
import { everything } from "../support/leancloud/faults.ts";
import { HostedApp } from "../support/leancloud/hosted-app.ts";
import { Random, seedOfThisRun } from "../support/random.ts";
import { expectAll } from "./comparison.ts";
import { manifestIn, startExport } from "./exporting.ts";

/** An export that is killed again and again, from an app on a bad network, is the app exactly. */

/** Past what a kill leaves to do, in calls of the command. */
const RUNS_MAX = 60;

test.each([0, 1, 2])(
  "after kills at any point and faults of every kind, an export has everything once (%i)",
  async (round) => {
    const seed = seedOfThisRun() + round;
    const random = new Random(seed);
    const folder = await mkdtemp(join(tmpdir(), "parley-export-"));
    const app = new HostedApp(seed);
    await app.open();
    try {
      app.data = randomApp(seed, { conversations: 40, messages: 12_000, users: 60 }, `${app.url}/files`);
      app.faults.rates = everything;
      const to = join(folder, "export");
      // Small parts, so that kills fall between them too.
      const args = ["--server", app.url, "--to", to, "--part-megabytes", "0.2", "--unread", "--yes"];
      let [kills, code]: [number, number | null] = [0, null];
      for (let runs = 0; code !== 0 && runs < RUNS_MAX; runs++) {
        app.forgetPages();
        const { child, ended } = startExport(args, app.environment);
        // The command takes about half a second to begin.
        const isKilled = runs < 12;
        const killed = sleep(400 + random.below(900)).then(() => isKilled && child.kill("SIGKILL"));
        const result = await Promise.race([ended, isKilled ? killed.then(() => ended) : ended]);
        ({ code } = result);
        if (code === null) kills += 1;
        // Faults in a row may look like a server that is gone: then the same command goes on.
        if (code !== null && code !== 0 && code !== 4) throw new Error(`seed ${seed}: ${result.output}`);
      }
      expect(code, `seed ${seed}`).toBe(0);
      expect(kills).toBeGreaterThan(2);
      await expectAll(to, app.data, `${app.url}/files`);
      const { skipped } = await manifestIn(to);
      expect(skipped).toEqual([]);
      expect(await readdir(to)).not.toContain(".export");
    } finally {
      await app.close();
      await rm(folder, { recursive: true, force: true });
    }
  },
  300_000,
);
