import { beforeAll, describe, expect, test } from "vitest";
import { say, settle } from "../support/chat.ts";
import { caughtUp } from "./support/commands.ts";
import { pairChat } from "./support/pair-chat.ts";
import { done, rest, saidBy } from "./support/rest.ts";
import { appKeys, http, masterKeys, openWorld, world } from "./support/world.ts";

/** What is counted while people talk (G-01). The isolate of these tests is one, so it shows all that it counts. */

beforeAll(() => openWorld());

interface Metrics {
  from: number;
  bucket_seconds: number;
  series: Record<string, number[]>;
  totals: Record<string, number>;
  peaks: Record<string, { value: number; at: number }>;
}

const counted = (range = "hour") => done<Metrics>("GET", `/admin/metrics?range=${range}`);

/** How much more was counted of some things by the time that something is done. */
async function growthOf(names: string[], doing: () => Promise<unknown>): Promise<number[]> {
  const before = (await counted()).totals;
  await doing();
  const after = (await counted()).totals;
  return names.map((name) => (after[name] ?? 0) - (before[name] ?? 0));
}

describe("GET /admin/metrics", () => {
  test("[G-01] messages, deliveries and logins are counted once each, from clients and from servers", async () => {
    const names = ["messages.chat", "messages.transient", "deliveries", "logins", "connects"];
    const growth = await growthOf(names, async () => {
      const { tom, toms, jerrys, chat } = await pairChat();
      await caughtUp(chat, toms, jerrys);
      await say(toms, chat, "Cheese?");
      await jerrys.message("Cheese?");
      await saidBy(tom, chat, "More cheese?");
      await jerrys.message("More cheese?");
      await say(toms, chat, "typing", { transient: true });
      await jerrys.message("typing");
      await settle(chat, toms, jerrys);
    });
    const [messages, transient, deliveries, logins, connects] = growth;
    // Those of `settle` are transient, too.
    expect({ messages, logins, connects }).toEqual({ messages: 2, logins: 2, connects: 2 });
    expect(transient).toBeGreaterThanOrEqual(1);
    expect(deliveries).toBeGreaterThanOrEqual(3);
  });

  test("[G-01] a send that is repeated with its token is counted once", async () => {
    const { toms, chat } = await pairChat();
    const growth = await growthOf(["messages.chat"], async () => {
      for (const _ of [1, 2]) await say(toms, chat, "Cheese", { dt: "the same" });
    });
    expect(growth).toEqual([1]);
  });

  test("[G-01] refusals are counted by the number of their error", async () => {
    const { toms } = await pairChat();
    const growth = await growthOf(["refusals.4401", "messages.chat"], () =>
      say(toms, "0123456789abcdef01234567", "Anybody?"),
    );
    expect(growth[1]).toBe(0);
    const { totals } = await counted();
    expect(Object.keys(totals).filter((name) => name.startsWith("refusals."))).not.toEqual([]);
  });

  test("[G-01] requests of the HTTP API are counted, but not those for the page or for the counts", async () => {
    const growth = await growthOf(["requests"], async () => {
      for (const path of ["/admin/health", "/1.1/date", "/healthz", "/openapi.json"]) await rest("GET", path);
    });
    expect(growth).toEqual([2]);
  });

  test("the series of a range has a number for each bucket, and the sum of them is the total", async () => {
    for (const [range, length, seconds] of [
      ["hour", 60, 60],
      ["day", 96, 900],
      ["month", 720, 3600],
    ] as const) {
      const { series, totals, bucket_seconds, from } = await counted(range);
      expect(bucket_seconds).toBe(seconds);
      expect(from % (seconds * 1000)).toBe(0);
      expect(series["messages.chat"]).toHaveLength(length);
      expect(series["messages.chat"]?.reduce((sum, value) => sum + value)).toBe(totals["messages.chat"]);
    }
  });

  test("GET /admin/metrics needs the master key and a range that there is", async () => {
    for (const path of ["/admin/metrics", "/admin/metrics/live?seconds=1"]) {
      expect((await http(path)).status).toBe(401);
      expect((await http(path, { headers: appKeys })).status).toBe(401);
    }
    for (const query of ["range=year", "range=", "rang=day"])
      expect((await http(`/admin/metrics?${query}`, { headers: masterKeys })).status).toBe(400);
  });
});

describe("GET /admin/metrics/live", () => {
  const MARK = "SELECT value FROM settings WHERE key = 'watched'";

  test("a stream begins with a snapshot, ends after its time, and leaves one mark however many watch", async () => {
    await world.DB.prepare("DELETE FROM settings WHERE key = 'watched'").run();
    const texts = await Promise.all(
      [1, 2, 3].map(async () => {
        const response = await http("/admin/metrics/live?seconds=3", { headers: masterKeys });
        expect(response.headers.get("content-type")).toMatch(/^text\/event-stream/);
        return response.text();
      }),
    );
    for (const text of texts) {
      expect(text).toMatch(/^retry: 1000\n\nevent: snapshot\ndata: \{"minutes":\[/);
      expect(text).toMatch(/"online":\d+,"users_today":\d+,"archive_behind_seconds":\d+\}\n\n/);
    }
    const { results } = await world.DB.prepare(MARK).all<{ value: string }>();
    expect(results).toHaveLength(1);
    const until = Number(results[0]?.value);
    expect(until).toBeGreaterThan(Date.now() + 15 * 60_000);
    await http("/admin/metrics/live?seconds=0", { headers: masterKeys });
    expect((await world.DB.prepare(MARK).first<{ value: string }>())?.value).toBe(String(until));
  });

  test("a stream tells of what was counted while it was open, and an idle one repeats nothing", async () => {
    const { toms, chat } = await pairChat();
    const response = await http("/admin/metrics/live?seconds=7", { headers: masterKeys });
    await say(toms, chat, "Cheese");
    const snapshots = (await response.text())
      .split("\n\n")
      .filter((event) => event.startsWith("event: snapshot"));
    expect(new Set(snapshots).size).toBe(snapshots.length);
    // Earlier files' sockets in the same isolate are still sent heartbeats, and the archive falls behind meanwhile.
    const isOthers = (name: string) => ["frames.out", "bytes.out", "connections"].includes(name);
    const counted = snapshots.map((event) => {
      const { minutes }: { minutes: { at: number; counts: Record<string, number> }[] } = JSON.parse(
        event.split("data: ")[1] ?? "",
      );
      const own = minutes.map(({ at, counts }) => [
        at,
        Object.entries(counts).filter(([name]) => !isOthers(name)),
      ]);
      return JSON.stringify(own.filter(([, counts]) => Array.isArray(counts) && counts.length > 0));
    });
    expect(counted.at(-1)).toContain('"messages.chat"');
    expect(new Set(counted).size, counted.join("\n")).toBeLessThanOrEqual(3);
  });

  test("a reader that goes away ends its stream", async () => {
    const response = await http("/admin/metrics/live", { headers: masterKeys });
    const reader = response.body?.getReader();
    const first = await reader?.read();
    expect(new TextDecoder().decode(first?.value)).toContain("event: snapshot");
    await reader?.cancel();
  });
});
