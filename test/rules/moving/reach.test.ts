import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { Source } from "../../../scripts/export/source.ts";
import { Api } from "../../../scripts/moving/api.ts";
import type { Pace } from "../../../scripts/moving/pace.ts";
import { Reach } from "../../../scripts/moving/reach.ts";

/** Servers that do not answer. */

const NOBODY = "http://127.0.0.1:4";
const PACE: Pace = { scale: 0.001, deadline: 2_000, patience: 1_000 };
const KEYS = { appId: "cheese", masterKey: "a-key-that-is-not-told" };
const what = /127\.0\.0\.1:4 does not answer \(.+\): check that the address and its port are right/;

const clients = {
  "an import and a check": (onPause: (why: string) => void) =>
    new Api({ server: NOBODY, ...KEYS }, { pace: PACE, onPause }).get("/1.1/date"),
  "an export": (onPause: (why: string) => void) =>
    new Source({ server: NOBODY, ...KEYS, pace: PACE, waits: false, onPause }).get("/1.1/date"),
};

test.each(Object.entries(clients))(
  "%s names the server at the first failure and at the end",
  async (_, ask) => {
    const told: string[] = [];
    await expect(ask((why) => told.push(why))).rejects.toMatchObject({
      message: expect.stringMatching(what),
      exitCode: 4,
    });
    expect(told[0]).toMatch(what);
    expect(told.filter((why) => what.test(why))).toHaveLength(1);
  },
);

test("a server that never answered is asked for three minutes, and one that did for the whole hour", () => {
  const usual = { ...PACE, patience: 3_600_000 };
  const reach = new Reach(NOBODY);
  reach.failed("ECONNREFUSED");
  expect(reach.patience(usual)).toBe(180_000);
  reach.answered();
  expect(reach.patience(usual)).toBe(3_600_000);
  expect(reach.failed("ECONNRESET")).toEqual({ told: "ECONNRESET", always: false });
});

test("any answer counts as one, also an error of the server", async () => {
  const server = createServer((_, response) => response.writeHead(503).end());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const told: string[] = [];
  const api = new Api(
    { server: `http://127.0.0.1:${port}`, ...KEYS },
    { pace: PACE, onPause: (why) => told.push(why) },
  );
  await expect(api.get("/1.1/date")).rejects.toThrow("The server does not answer (status 503)");
  expect(told.join()).not.toContain("check that");
  server.close();
});
