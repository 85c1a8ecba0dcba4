import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { inOrder, randomApp } from "../support/leancloud/app-data.ts";
import { HostedApp } from "../support/leancloud/hosted-app.ts";
import { asJson, rowsIn, runExport } from "./exporting.ts";

/** `npm run export` from a stand-in for LeanCloud that has no faults but those that a test names. */

let app: HostedApp;
let folder: string;
const to = (name = "export") => join(folder, name);
const run = (...args: string[]) => runExport(["--server", app.url, ...args], app.environment);

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "parley-export-"));
  app = new HostedApp();
  await app.open();
  app.data = randomApp(7, { conversations: 60, messages: 2_500, users: 40 }, `${app.url}/files`);
});
afterEach(async () => {
  await app.close();
  await rm(folder, { recursive: true, force: true });
});

describe("an export of everything", () => {
  test("has every row of every class, every message, list and file", async () => {
    const { code, output } = await run("--to", to(), "--class", "Todo", "--unread", "--yes");
    expect(output).toContain("The export is whole");
    expect(code).toBe(0);
    for (const [name, rows] of Object.entries(app.data.classes)) {
      const found = await rowsIn(to(), `classes/${name}`);
      expect(found, name).toEqual(asJson(rows));
    }
    expect(await rowsIn(to(), "messages")).toEqual(asJson(inOrder(app.data.messages)));
  });
});
