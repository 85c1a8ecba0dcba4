import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import type { Answered } from "../../../scripts/import/journal.ts";
import { type Row, sendRows } from "../../../scripts/import/sender.ts";
import { Refused } from "../../../scripts/moving/failures.ts";
import { Random } from "../../server/support/random.ts";

/** Rows on their way to a server that answers in any order. */

interface Sent {
  group: string;
  n: number;
}

const rowsOf = (groups: string[]): Row[] =>
  groups.map((group, n) => ({ kind: "messages", text: JSON.stringify({ group, n }), group }));

/** A server that takes its time, and refuses requests as a whole that have a certain row. */
function serverThat({ refuses }: { refuses?: (row: Sent) => boolean } = {}) {
  const random = new Random(7);
  const taken: Sent[] = [];
  const underway = new Map<string, number>();
  let most = 0;
  const post = async (_path: string, body: string) => {
    const { results }: { results: Sent[] } = JSON.parse(body);
    const groups = new Set(results.map(({ group }) => group));
    for (const group of groups) underway.set(group, (underway.get(group) ?? 0) + 1);
    most = Math.max(most, ...[...groups].map((group) => underway.get(group) ?? 0));
    for (let turns = random.below(20); turns > 0; turns--) await turn();
    for (const group of groups) underway.set(group, (underway.get(group) ?? 0) - 1);
    if (results.some((row) => refuses?.(row)))
      throw new Refused("/", 400, { code: 107, error: "Malformed JSON." });
    taken.push(...results);
    return { added: results.length, changed: 0, kept: 0, refused: [] };
  };
  return { api: { post }, taken, mostOfOneGroup: () => most };
}

async function send(
  server: ReturnType<typeof serverThat>,
  rows: Row[],
  rowsMax: number,
): Promise<Answered[]> {
  const answers: Answered[] = [];
  const target = { api: server.api, path: "/", lists: { results: "messages" }, rowsMax };
  await sendRows(target, rows, async (answered) => void answers.push(...answered));
  return answers;
}

describe("sending rows", () => {
  test("rows of a conversation arrive in their order, also those of several requests", async () => {
    const rows = rowsOf(["a", "b", "b", "b", "b", "b", "b", "b", "c", "d", "d", "d"]);
    const server = serverThat();
    await send(server, rows, 2);
    expect(server.mostOfOneGroup()).toBe(1);
    for (const group of ["b", "d"]) {
      const numbers = server.taken.filter((row) => row.group === group).map(({ n }) => n);
      expect(numbers).toEqual(numbers.toSorted((one, other) => one - other));
    }
    expect(server.taken.length).toBe(rows.length);
  });

  test("answers are written down in the order of the rows, whichever comes first", async () => {
    const rows = rowsOf(Array.from({ length: 50 }, (_, at) => `${at}`));
    const answers = await send(serverThat(), rows, 3);
    expect(answers.map((each) => each.rows)).toEqual([...Array.from({ length: 16 }, () => 3), 2]);
  });

  test("of a request that is refused as a whole, the row that is wrong is refused, and no other", async () => {
    const rows = rowsOf(Array.from({ length: 20 }, (_, at) => `${at}`));
    const server = serverThat({ refuses: ({ n }) => n === 13 });
    const answers = await send(server, rows, 10);
    const sum = answers.reduce((total, { added }) => total + added, 0);
    expect(sum).toBe(19);
    expect(answers.flatMap(({ refused }) => refused)).toEqual([
      { kind: "messages", why: expect.stringContaining("Malformed JSON"), row: rows[13]?.text },
    ]);
  });

  test("rows of two kinds go in one request, and each kind has counts and refused rows of its own", async () => {
    const rows = ["conversations", "messages", "messages", "conversations", "messages"].map((kind, n) => ({
      kind,
      text: JSON.stringify({ n }),
    }));
    const bodies: unknown[] = [];
    const counts = { added: 1, changed: 0, kept: 0 };
    const post = async (_path: string, body: string) => {
      bodies.push(JSON.parse(body));
      const messages = { ...counts, refused: [{ row: 2, error: "is too long" }] };
      return { ...counts, refused: [{ row: 1, error: "is a room" }], messages };
    };
    const answers: Answered[] = [];
    const lists = { results: "conversations", messages: "messages" };
    await sendRows(
      { api: { post }, path: "/", lists, rowsMax: 9 },
      rows,
      async (each) => void answers.push(...each),
    );
    expect(bodies).toEqual([{ results: [{ n: 0 }, { n: 3 }], messages: [{ n: 1 }, { n: 2 }, { n: 4 }] }]);
    expect(answers).toEqual([
      {
        kind: "conversations",
        rows: 2,
        ...counts,
        refused: [{ kind: "conversations", why: "is a room", row: '{"n":3}' }],
      },
      {
        kind: "messages",
        rows: 3,
        ...counts,
        refused: [{ kind: "messages", why: "is too long", row: '{"n":4}' }],
      },
    ]);
  });

  test("a failure ends it, and nothing after it is written down", async () => {
    const rows = rowsOf(Array.from({ length: 20 }, (_, at) => `${at}`));
    const server = serverThat();
    const target = { api: server.api, path: "/", lists: { results: "messages" }, rowsMax: 5 };
    let count = 0;
    const sending = sendRows(target, rows, async () => {
      count += 1;
      if (count === 2) throw new Error("the disk is full");
    });
    await expect(sending).rejects.toThrow("the disk is full");
    expect(count).toBe(2);
  });
});
