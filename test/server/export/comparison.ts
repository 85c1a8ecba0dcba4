import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import type { FileRow } from "../../../scripts/moving/format.ts";
import { type AppData, inOrder, type MessageRecord, type Row } from "../support/leancloud/app-data.ts";
import { asJson, rowsIn } from "./exporting.ts";

/** Expects an export of everything to be exactly what the app has: no row less, none twice, in the same order. */
export async function expectAll(folder: string, data: AppData, filesAt: string): Promise<void> {
  for (const name of Object.keys(data.classes).filter((each) => each.startsWith("_"))) {
    expect(await rowsIn<Row>(folder, `classes/${name}`), name).toEqual(asJson(data.classes[name]));
  }
  expect(await rowsIn<MessageRecord>(folder, "messages")).toEqual(asJson(inOrder(data.messages)));
  await expectLists(folder, data);
  await expectFiles(folder, data, filesAt);
}

export async function expectLists(folder: string, data: AppData): Promise<void> {
  const ofClients = (list: Record<string, string[]>) =>
    Object.entries(list).flatMap(([id, clients]) => clients.map((client) => `${id} ${client}`));
  for (const name of ["blacklists", "silences"] as const) {
    const rows = await rowsIn<{ conv_id: string; client_id: string }>(folder, `lists/${name}`);
    const found = rows.map((row) => `${row.conv_id} ${row.client_id}`);
    expect(found.toSorted(), name).toEqual(ofClients(data[name]).toSorted());
  }
  const subscribers = await rowsIn<{ conv_id: string; subscriber: string }>(folder, "lists/subscribers");
  expect(subscribers.map((row) => `${row.conv_id} ${row.subscriber}`).toSorted()).toEqual(
    Object.entries(data.subscribers)
      .flatMap(([id, list]) => list.map(({ subscriber }) => `${id} ${subscriber}`))
      .toSorted(),
  );
  const unread = await rowsIn<{ conv_id: string; client_id: string; count: number }>(folder, "lists/unread");
  expect(unread.map((row) => `${row.client_id} ${row.conv_id} ${row.count}`).toSorted()).toEqual(
    Object.entries(data.unread)
      .flatMap(([pair, count]) => (count === 0 ? [] : [`${pair} ${count}`]))
      .toSorted(),
  );
  const broadcasts = await rowsIn(folder, "lists/broadcasts");
  expect(broadcasts.length).toBe(Object.values(data.broadcasts).flat().length);
}

export async function expectFiles(folder: string, data: AppData, filesAt: string): Promise<void> {
  const rows = await rowsIn<FileRow>(folder, "files");
  const wanted = new Set(wantedFiles(data));
  expect(rows.map(({ url }) => url).toSorted()).toEqual([...wanted].toSorted());
  const paths: string[] = [];
  for (const row of rows) {
    if ("missing" in row) throw new Error(`${row.url} is missing: ${row.missing}`);
    const content = await readFile(join(folder, row.path));
    expect(content.equals(data.files[row.url.slice(filesAt.length)] ?? Buffer.from("?")), row.url).toBe(true);
    expect(row.sha256).toBe(createHash("sha256").update(content).digest("hex"));
    expect(row.bytes).toBe(content.length);
    paths.push(row.path);
  }
  const stored = await readdir(join(folder, "files"), { recursive: true, withFileTypes: true });
  expect(stored.filter((entry) => entry.isFile()).length).toBe(paths.length);
}

/** Addresses of files in rows and in messages. */
export function wantedFiles(data: AppData): string[] {
  const rows = (data.classes._File ?? []).map(({ url }) => String(url));
  const said = data.messages.flatMap(
    ({ data: text }) => /"_lcfile":.*?"url":"([^"]+)"/.exec(text)?.[1] ?? [],
  );
  return [...new Set([...rows, ...said])];
}
