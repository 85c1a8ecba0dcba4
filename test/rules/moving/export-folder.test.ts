import { appendFile, cp, mkdtemp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ExportFolder } from "../../../scripts/export/folder.ts";

/** The folder of an export while it is written, as a kill or a cut of power may leave it. */

const PART = 60; // bytes: a few rows

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "parley-folder-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const at = (name: string) => join(folder, name);
const rowsOf = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => ({ text: `{"n":${from + index}}`, at: from + index }));

async function open(name: string, identity = "an app"): Promise<ExportFolder> {
  const opened = await ExportFolder.open(at(name), identity, PART);
  if (opened === "whole") throw new Error("it is whole");
  return opened;
}

async function textsOf(opened: ExportFolder, kind: string): Promise<string[]> {
  const texts: string[] = [];
  for await (const text of opened.rows(kind)) texts.push(text);
  return texts;
}

/** Steps of one stage, each of which says how many rows there are, in a folder that nobody has locked. */
async function writeSteps(name: string): Promise<void> {
  const opened = await open(`${name}-locked`);
  for (let from = 0; from < 40; from += 4) {
    const batches = [
      { kind: "messages", rows: rowsOf(from, from + 4) },
      { kind: "odd/messages", rows: rowsOf(from, from + 1) },
    ];
    await opened.commit("messages", { batches, state: { rows: from + 4 } });
  }
  await opened.close();
  await cp(at(`${name}-locked`), at(name), { recursive: true });
}

test("wherever the journal ends, the parts have what its whole lines say, and the export goes on from there", async () => {
  await writeSteps("killed");
  const { length } = await readFile(at("killed/.export/journal.jsonl"));
  for (let end = length; end > 120; end -= 37) {
    const name = `killed-at-${end}`;
    await cp(at("killed"), at(name), { recursive: true });
    await truncate(at(`${name}/.export/journal.jsonl`), end);
    const opened = await open(name);
    const state = opened.stage("messages")?.state ?? { rows: 0 };
    const texts = await textsOf(opened, "messages");
    expect({ rows: texts.length }).toEqual(state);
    await opened.commit("messages", { batches: [{ kind: "messages", rows: rowsOf(100, 103) }] });
    const wanted = [...texts, ...rowsOf(100, 103).map(({ text }) => text)];
    const { parts } = await opened.seal(rest);
    const bytes = await Promise.all(
      parts
        .filter(({ kind }) => kind === "messages")
        .map(({ path }) => readFile(at(`${name}/${path}`), "utf8")),
    );
    expect(bytes.join("")).toBe(wanted.map((text) => `${text}\n`).join(""));
  }
});

const rest = {
  format: 1,
  source: { kind: "archive", files: [] as string[] },
  since: null,
  messagesUntil: null,
} as const satisfies Parameters<ExportFolder["seal"]>[0];

test("rows beyond the journal, and parts that it does not know, are removed", async () => {
  await writeSteps("killed");
  const [last = ""] = (await readdir(at("killed")))
    .filter((name) => name.startsWith("messages"))
    .toSorted()
    .reverse();
  await appendFile(at(`killed/${last}`), '{"n":99}\n{"n":1');
  await writeFile(at("killed/messages.00099.jsonl"), '{"n":100}\n');
  const opened = await open("killed");
  expect(await textsOf(opened, "messages")).toEqual(rowsOf(0, 40).map(({ text }) => text));
  await opened.seal(rest);
  expect(await readdir(at("killed"))).not.toContain("messages.00099.jsonl");
  expect((await readFile(at(`killed/${last}`), "utf8")).endsWith('{"n":39}\n')).toBe(true);
});

test("a part that lost rows is not gone on with", async () => {
  await writeSteps("damaged");
  await truncate(at("damaged/messages.00001.jsonl"), 3);
  await expect(open("damaged")).rejects.toThrow("was changed or removed");
});

test("a journal with a damaged line is not gone on with", async () => {
  await writeSteps("damaged");
  await appendFile(at("damaged/.export/journal.jsonl"), '{"stage":5}\n');
  await expect(open("damaged")).rejects.toThrow("is damaged, or of another version");
});

test("an export of something else is not gone on with", async () => {
  await writeSteps("another");
  await expect(open("another", "another app")).rejects.toThrow("another export");
});

test("a kill while the working files are removed leaves a whole export", async () => {
  await writeSteps("sealed");
  await (await open("sealed")).seal(rest);
  await cp(at("sealed"), at("killed"), { recursive: true });
  // Its journal was removed first.
  await cp(at("sealed"), at("killed/.export"), { recursive: true });
  expect(await ExportFolder.open(at("killed"), "an app", PART)).toBe("whole");
  expect((await readdir(at("killed"))).toSorted()).toEqual((await readdir(at("sealed"))).toSorted());
});

describe("a stage that begins anew", () => {
  test("has none of its rows and of what it left out, also after a kill before the files are gone", async () => {
    await writeSteps("restarted");
    const opened = await open("restarted");
    await opened.commit("messages", { skipped: [{ what: "messages", why: "a reason", count: 2 }] });
    await cp(at("restarted/messages.00001.jsonl"), at("saved.jsonl"));
    await opened.restart("messages", ["messages"]);
    await opened.close();
    await cp(at("restarted"), at("again"), { recursive: true });
    await cp(at("saved.jsonl"), at("again/messages.00001.jsonl"));
    const again = await open("again");
    expect(await textsOf(again, "messages")).toEqual([]);
    expect((await textsOf(again, "odd/messages")).length).toBe(10);
    await again.commit("messages", { batches: [{ kind: "messages", rows: rowsOf(0, 1) }], done: true });
    const { totals, skipped } = await again.seal(rest);
    expect(totals).toEqual({ messages: 1, "odd/messages": 10 });
    expect(skipped).toEqual([]);
  });
});

test("reasons are counted together", async () => {
  const opened = await open("counted");
  for (const count of [1, 2]) {
    await opened.commit("lists/unread", { skipped: [{ what: "lists/unread", why: "404", count }] });
  }
  expect((await opened.seal(rest)).skipped).toEqual([{ what: "lists/unread", why: "404", count: 3 }]);
});
