import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach } from "vitest";
import { type Server, type ServerOptions, startServer } from "../../support/server.ts";

/** The servers of one test, and a folder for their data. */
export interface Servers {
  /** The test's own folder. */
  readonly folder: string;
  /** Starts a server with its data in `data`, in the test's folder, unless the options say otherwise. */
  start(options?: ServerOptions): Promise<Server>;
}

/** Gives each test of a file a new folder and the means to start servers; all of it is gone afterwards. */
export function useServers(): Servers {
  let folder = "";
  const started: Server[] = [];
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "parley-test-"));
  });
  afterEach(async () => {
    await Promise.all(started.splice(0).map((server) => server.kill()));
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  });
  return {
    get folder() {
      return folder;
    },
    async start(options = {}) {
      const server = await startServer({ data: join(folder, "data"), ...options });
      started.push(server);
      return server;
    },
  };
}
