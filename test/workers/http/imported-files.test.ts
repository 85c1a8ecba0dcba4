import { beforeAll, describe, expect, test } from "vitest";
import { done, outcome, rest } from "../support/rest.ts";
import { appKeys, http, masterKeys, openWorld } from "../support/world.ts";

/** Files of another service: rows, and then the bytes. */

beforeAll(() => openWorld());

const AT = "2026-10-01T08:00:00.000Z";
let count = 0;

/** A row of `_File` as the hosted service exports it. */
function rowOf(more: object = {}) {
  count += 1;
  const key = `picture${count}.png`;
  return {
    objectId: `65537a0e${`${count}`.padStart(16, "0")}`,
    name: "cheese.png",
    key,
    url: `http://lc-cheese.cn-n1.lcfile.com/${key}`,
    bucket: "cheese",
    mime_type: "image/png",
    metaData: { size: 5, owner: "unknown" },
    createdAt: AT,
    updatedAt: AT,
    ...more,
  };
}

const imported = (...results: object[]) =>
  done<{ added: number; changed: number; kept: number; refused: object[] }>("POST", "/admin/import/files", {
    results,
  });

const put = (id: string, bytes: string) =>
  http(`/admin/import/files/${id}`, { method: "PUT", headers: masterKeys, body: bytes });

interface Row {
  url: string;
  key?: string;
}

const read = (id: string) => done<Row>("GET", `/1.1/files/${id}`);
const served = async (key: string) => {
  const response = await http(`/files/${key}`);
  return response.ok ? response.text() : response.status;
};

describe("imported files", () => {
  test("a file is where it was until its bytes are here, and then under the same key", async () => {
    const row = rowOf();
    expect(await imported(row)).toMatchObject({ added: 1, refused: [] });
    expect(await read(row.objectId)).toMatchObject({ url: row.url, createdAt: AT, metaData: row.metaData });
    expect(await served(row.key)).toBe(404);
    expect(await (await put(row.objectId, "brie!")).json()).toEqual({ outcome: "added" });
    expect(await served(row.key)).toBe("brie!");
    const here = await read(row.objectId);
    expect(here).toMatchObject({ key: row.key, updatedAt: AT });
    expect(here.url).toMatch(new RegExp(`^http.*/files/${row.key}$`));
  });

  test("importing a file again keeps its bytes, and brings what is newer in its row", async () => {
    const row = rowOf();
    await imported(row);
    await put(row.objectId, "brie!");
    expect(await imported(row)).toMatchObject({ added: 0, kept: 1 });
    expect(await (await put(row.objectId, "other")).json()).toEqual({ outcome: "kept" });
    const newer = { ...row, name: "brie.png", updatedAt: "2026-10-02T08:00:00.000Z" };
    expect(await imported(newer)).toMatchObject({ changed: 1 });
    expect(await read(row.objectId)).toMatchObject({ name: "brie.png", key: row.key });
    expect(await served(row.key)).toBe("brie!");
  });

  test("an imported file is found by the URL that it had", async () => {
    const row = rowOf();
    await imported(row);
    await put(row.objectId, "brie!");
    const where = encodeURIComponent(JSON.stringify({ url: row.url }));
    const { results } = await done<{ results: object[] }>("GET", `/1.1/files?where=${where}`);
    expect(results).toMatchObject([{ objectId: row.objectId, key: row.key, importedFrom: row.url }]);
    expect(await read(row.objectId)).not.toHaveProperty("importedFrom");
  });

  test("files are found by their ids and keys, those whose bytes are here with their key", async () => {
    const [one, other] = [rowOf(), rowOf()];
    await imported(one, other);
    await put(one.objectId, "brie!");
    const asked = { ids: [one.objectId, other.objectId, "unknown"], keys: [one.key, "unknown"] };
    const { results } = await done<{ results: Row[] }>("POST", "/admin/import/files/known", asked);
    const shown = results.map(({ key, url }) => key ?? url);
    expect(shown.toSorted()).toEqual([other.url, one.key, one.key].toSorted());
  });

  test("a row without a key takes the path of its URL, also with folders and other letters", async () => {
    const row = rowOf({ key: undefined, url: "https://files.example.com/a/b%20c/%E5%A5%B6.png" });
    await imported(row);
    await put(row.objectId, "brie!");
    expect(await read(row.objectId)).toMatchObject({ key: "a/b c/奶.png" });
    expect(await served("a/b%20c/%E5%A5%B6.png")).toBe("brie!");
  });

  test("a file that an app put elsewhere by its own will takes no bytes", async () => {
    const row = rowOf({ metaData: { __source: "external" } });
    await imported(row);
    expect(await (await put(row.objectId, "brie!")).json()).toEqual({ outcome: "kept" });
    expect(await read(row.objectId)).toMatchObject({ url: row.url });
  });

  test("rows that are wrong are refused with their reasons, and so is another file's key", async () => {
    const row = rowOf();
    const wrong = [
      rowOf({ key: row.key }),
      rowOf({ url: undefined }),
      rowOf({ url: "javascript:alert(1)" }),
      rowOf({ key: "a/../b" }),
      rowOf({ objectId: "../x" }),
    ];
    const answer = await imported(row, ...wrong);
    expect(answer).toMatchObject({ added: 1 });
    expect(answer.refused).toMatchObject([
      { row: 1, error: "key: is that of another file" },
      { row: 2, error: "url: must be an http or https URL" },
      { row: 3, error: "url: must be an http or https URL" },
      { row: 4, error: "key: must be a path without empty parts" },
      { row: 5, error: "objectId: must be an id" },
    ]);
  });

  test("bytes come with the master key, and for files that are here", async () => {
    const row = rowOf();
    await imported(row);
    const asDevice = { method: "PUT", headers: appKeys, body: "brie!" };
    expect(await outcome(http(`/admin/import/files/${row.objectId}`, asDevice))).toBe("401 401");
    expect(await outcome(rest("POST", "/admin/import/files", { results: [] }, appKeys))).toBe("401 401");
    expect(await outcome(put("65537a0effffffffffffffff", "brie!"))).toBe("404 404");
  });
});
