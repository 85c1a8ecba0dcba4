import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach } from "vitest";
import { randomApp, type Size } from "../support/leancloud/app-data.ts";
import { HostedApp } from "../support/leancloud/hosted-app.ts";
import { type Exported, runExport } from "./exporting.ts";

/** An app at the stand-in for LeanCloud, and a folder for its exports. */
export interface Hosted {
  readonly app: HostedApp;
  /** Where its files are. */
  readonly filesAt: string;
  /** The folder of an export. */
  to(name?: string): string;
  /** Exports the app with its keys in the environment, into `to()`. */
  run(...args: string[]): Promise<Exported>;
  runTo(name: string, ...args: string[]): Promise<Exported>;
}

/** Gives each test of a file an app of its own, by seed, without faults; all of it is gone afterwards. */
export function useHostedApp(seed: number, size: Size): Hosted {
  let app = new HostedApp();
  let folder = "";
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "parley-export-"));
    app = new HostedApp();
    await app.open();
    app.data = randomApp(seed, size, `${app.url}/files`);
  });
  afterEach(async () => {
    await app.close();
    await rm(folder, { recursive: true, force: true });
  });
  const to = (name = "export") => join(folder, name);
  const runTo = (name: string, ...args: string[]) =>
    runExport(["--server", app.url, "--to", to(name), ...args], app.environment);
  return {
    get app() {
      return app;
    },
    get filesAt() {
      return `${app.url}/files`;
    },
    to,
    runTo,
    run: (...args) => runTo("export", ...args),
  };
}
