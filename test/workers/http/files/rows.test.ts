import { beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { FILES_PER_ADDRESS } from "../../../../src/request-bounds.ts";
import { announce, announced, bytesOf, objects, put, rowOf, uploaded } from "../../support/files.ts";
import { done, outcome, rest } from "../../support/rest.ts";
import { appKeys, configure, http, masterKeys, openWorld, world } from "../../support/world.ts";
import { ask } from "../ask.ts";

beforeAll(() => openWorld());
beforeEach(() => configure({ files: null }));

interface Row {
  objectId: string;
  url: string;
  metaData: object;
}
interface Page {
  results: Row[];
  count?: number;
}

describe("[B-15] announcing a file", () => {
  test("a file is announced with every field that an SDK may miss", async () => {
    const body = { name: "cheese.png", metaData: { size: 5, owner: "Tom", width: 1.0 }, __type: "File" };
    const response = await announce(body);
    expect(response.status).toBe(201);
    const answer: Record<string, unknown> = await response.json();
    expect(answer).toMatchObject({
      name: "cheese.png",
      mime_type: "image/png",
      metaData: body.metaData,
      provider: "s3",
      bucket: expect.any(String),
      objectId: expect.stringMatching(/^[0-9a-f]{24}$/),
      createdAt: expect.stringMatching(/^\d{4}-.*Z$/),
      key: expect.stringMatching(/^\w{32}\.png$/),
      token: expect.stringMatching(/^\w{40}$/),
    });
    expect(answer.url).toBe(`http://parley.test/files/${answer.key}`);
    expect(answer.upload_url).toBe(`http://parley.test/uploads/${answer.token}`);
  });

  test("what a client says of where a file is counts for nothing", async () => {
    const lies = {
      objectId: "a".repeat(24),
      url: "https://evil.example",
      bucket: "evil",
      provider: "evil",
      key: "a",
    };
    const file = await announced({ name: "cheese.png", ...lies, color: "yellow" });
    expect(file).toMatchObject({ provider: "s3", bucket: "parley-files", color: "yellow" });
    expect(file.objectId).not.toBe(lies.objectId);
    expect(file.key).not.toBe("a");
    expect(file.url).toContain(file.key);
  });

  test("only the app's server may choose a key, and each key once", async () => {
    const chosen = await announced({ name: "a", key: "old/cheese.png" }, masterKeys);
    expect(chosen.key).toBe("old/cheese.png");
    expect(await outcome(announce({ name: "a", key: "old/cheese.png" }, masterKeys))).toBe("400 137");
    expect(await outcome(announce({ name: "a", key: "../x" }, masterKeys))).toBe("400 105");
  });

  test("a mini-program is asked for a form, and a setting asks everybody for one", async () => {
    const weapp = { "x-lc-ua": "LeanCloud-JS-SDK/4.15.2 (Weapp)" };
    expect((await announced(undefined, weapp)).provider).toBe("qiniu");
    await configure({ files: { upload: "put" } });
    expect((await announced(undefined, weapp)).provider).toBe("s3");
    await configure({ files: { upload: "form" } });
    expect((await announced()).provider).toBe("qiniu");
  });

  test("files have the address that the owner gives them", async () => {
    await configure({ files: { url: "https://files.example.com/" } });
    const file = await announced();
    expect(file.url).toBe(`https://files.example.com/${file.key}`);
    expect(file.upload_url).toContain("http://parley.test/uploads/");
  });

  test("a file that is larger than allowed, or of another type, is refused before its bytes are sent", async () => {
    await configure({ files: { maxBytes: 10, types: ["image/*"] } });
    expect(await outcome(announce({ name: "a.png", metaData: { size: 11 } }))).toBe("413 129");
    expect(await outcome(announce({ name: "a.html" }))).toBe("400 126");
    expect((await announce({ name: "a.png", metaData: { size: 10 } })).status).toBe(201);
  });

  test("nobody announces a file without the app key", async () => {
    expect(await outcome(announce({ name: "a" }, { "x-lc-key": "wrong" }))).toBe("401 401");
  });

  test("[I13] an address announces a limited number of files a minute, and the app's server any", async () => {
    const from = (address: string, headers: HeadersInit) =>
      ask("https://im.example.com/1.1/files", {
        method: "POST",
        headers: { ...headers, "CF-Connecting-IP": address },
        body: JSON.stringify({ url: "https://example.com/a.png" }),
      });
    const now = vi.spyOn(Date, "now").mockReturnValue(Date.now());
    for (let count = 0; count < FILES_PER_ADDRESS.public; count++) {
      const response = await from("8.8.8.8", appKeys);
      if (response.status !== 201) throw new Error(`${count}: ${await response.text()}`);
    }
    expect((await from("8.8.8.8", appKeys)).status).toBe(429);
    expect((await from("8.8.8.8", masterKeys)).status).toBe(201);
    expect((await from("8.8.4.4", appKeys)).status).toBe(201);
    now.mockRestore();
  });

  test("[I13] with the app key a file's row is small, and the app has so many new ones a minute", async () => {
    const large = { url: "https://example.com/a.png", metaData: { text: "ä".repeat(4_100) } };
    const add = (body: object, keys: Record<string, string>) => rest("POST", "/1.1/files", body, keys);
    for (const body of [large, { ...large, metaData: {}, color: "x".repeat(8_200) }])
      expect(await outcome(add(body, appKeys))).toBe("400 116");
    expect(await outcome(announce({ name: "a", ACL: large }))).toBe("400 116");
    expect((await add(large, masterKeys)).status).toBe(201);
    await configure({ limits: { filesPerMinute: 1 } });
    const statuses = [await announce({ name: "a" }), await announce({ name: "b" })].map(
      ({ status }) => status,
    );
    expect(statuses).toContain(429);
    expect((await announce({ name: "a" }, masterKeys)).status).toBe(201);
    await configure({ limits: null });
  });

  test("without a bucket an upload is refused with what to do, and a file that is elsewhere is not", async () => {
    const { FILES: _, ...without } = world;
    const asked = (path: string, body: object) =>
      ask(`https://im.example.com${path}`, {
        env: { ...without, FILES: undefined } as object,
        method: "POST",
        headers: appKeys,
        body: JSON.stringify(body),
      });
    const refused = await asked("/1.1/fileTokens", { name: "a.png" });
    expect(refused.status).toBe(501);
    expect(await refused.json()).toMatchObject({
      code: 501,
      error: expect.stringContaining("docs/files.md"),
    });
    expect((await asked("/1.1/files", { url: "https://example.com/a.png" })).status).toBe(201);
  });
});

describe("[B-15] the row of a file", () => {
  test.each(["/1.1/files", "/1.1/classes/_File", "/1.1/classes/_file", "/1.1/classes/files"])(
    "a file is read, found, and deleted with its bytes at %s",
    async (path) => {
      const file = await uploaded("bytes", { name: "cheese.png", metaData: { owner: "Tom" } });
      const row = await http(`${path}/${file.objectId}`, { headers: appKeys });
      expect(await row.json()).toMatchObject({
        objectId: file.objectId,
        url: file.url,
        metaData: { owner: "Tom" },
      });
      const where = encodeURIComponent(JSON.stringify({ objectId: file.objectId }));
      expect((await done<Page>("GET", `${path}?where=${where}&count=1`)).count).toBe(1);
      expect(await outcome(http(`${path}?where=${where}`, { headers: appKeys }))).toBe("401 401");
      expect(await outcome(http(`${path}/${file.objectId}`, { method: "DELETE", headers: appKeys }))).toBe(
        "401 401",
      );
      const before = await objects();
      expect(await done("DELETE", `${path}/${file.objectId}`)).toEqual({});
      expect(await outcome(rowOf(file))).toBe("404 101");
      expect(await objects()).toEqual({ stored: before.stored - 1, unclaimed: before.unclaimed });
    },
  );

  test.each(["/1.1/files", "/1.1/classes/_File", "/1.1/classes/_file"])(
    "a file that is elsewhere is added at %s",
    async (path) => {
      const body = {
        name: "a.png",
        url: "https://example.com/a.png?x=1",
        metaData: { __source: "external" },
      };
      const response = await http(path, { method: "POST", headers: appKeys, body: JSON.stringify(body) });
      expect(response.status).toBe(201);
      const { objectId, createdAt } = await response.json<Row & { createdAt: string }>();
      expect(createdAt).toMatch(/Z$/);
      expect(await (await rowOf({ objectId })).json()).toMatchObject({ ...body, mime_type: "image/png" });
    },
  );

  test("a file that is elsewhere needs an address that a page may open", async () => {
    for (const url of [undefined, "javascript:alert(1)", "file:///etc/passwd", 7])
      expect(await outcome(rest("POST", "/1.1/files", { name: "a", url }))).toBe("400 105");
  });

  test("files are found by key, URL, type, meta data and the app's own fields", async () => {
    const mark = crypto.randomUUID();
    const file = await uploaded("bytes", { name: `${mark}.png`, color: mark, metaData: { owner: mark } });
    const { objectId } = await done<Row>("POST", "/1.1/files", { url: `https://example.com/${mark}` });
    const idsWhere = async (where: object) => {
      const path = `/1.1/classes/files?where=${encodeURIComponent(JSON.stringify(where))}`;
      return (await done<Page>("GET", path)).results.map((row) => row.objectId);
    };
    for (const where of [
      { key: file.key },
      { url: file.url },
      { color: mark },
      { "metaData.owner": mark },
      { name: { $regex: `^${mark}` }, mime_type: "image/png" },
    ]) {
      expect([where, await idsWhere(where)]).toEqual([where, [file.objectId]]);
    }
    expect(await idsWhere({ url: `https://example.com/${mark}` })).toEqual([objectId]);
    expect(await outcome(rest("GET", "/1.1/files?where=%7B%22a%22%3A%7B%22%24x%22%3A1%7D%7D"))).toBe(
      "400 102",
    );
  });

  test("a file that awaits its bytes is not there yet, for anybody", async () => {
    const file = await announced();
    expect(await outcome(rowOf(file))).toBe("404 101");
    expect(await outcome(rest("GET", `/1.1/files/${file.objectId}`))).toBe("404 101");
    const where = encodeURIComponent(JSON.stringify({ key: file.key }));
    expect(await done("GET", `/1.1/files?where=${where}&count=1`)).toEqual({ results: [], count: 0 });
    await put(file, "bytes");
    expect((await rowOf(file)).status).toBe(200);
  });

  test("an ACL is kept, shown to who asks for it, and honoured with the app key", async () => {
    const ACL = { Tom: { read: true, write: true } };
    const hidden = await uploaded("bytes", { name: "a", ACL });
    expect(await outcome(rowOf(hidden))).toBe("404 101");
    expect(await done("GET", `/1.1/files/${hidden.objectId}?returnACL=true`)).toMatchObject({ ACL });
    expect(await done("GET", `/1.1/files/${hidden.objectId}`)).not.toHaveProperty("ACL");
    expect((await rowOf(await uploaded("bytes", { name: "a", ACL: { "*": { read: true } } }))).status).toBe(
      200,
    );
  });

  test("a file belongs to the user who is logged in, whatever the client says, and a setting lets nobody else add one", async () => {
    await configure({ users: { where: "here" } });
    const body = JSON.stringify({ username: crypto.randomUUID(), password: "cheese" });
    const signed = await http("/1.1/users", { method: "POST", headers: appKeys, body });
    const { objectId: tom, sessionToken } = await signed.json<{ objectId: string; sessionToken: string }>();
    const session = { "x-lc-session": sessionToken };
    const file = await announced(
      { name: "a", metaData: { owner: "Jerry" }, ACL: { [tom]: { read: true } } },
      session,
    );
    expect(file).toMatchObject({ metaData: { owner: tom } });
    await put(file, "bytes");
    const read = (headers: object) =>
      http(`/1.1/files/${file.objectId}`, { headers: { ...appKeys, ...headers } });
    expect((await read(session)).status).toBe(200);
    expect(await outcome(read({}))).toBe("404 101");
    expect(await outcome(read({ "x-lc-session": "wrong" }))).toBe("404 101");
    await configure({ files: { usersOnly: true } });
    expect((await announce({ name: "a" }, session)).status).toBe(201);
    expect((await announce({ name: "a" }, masterKeys)).status).toBe(201);
    expect(await outcome(announce({ name: "a" }))).toBe("403 403");
    expect(await outcome(announce({ name: "a" }, { "x-lc-session": "wrong" }))).toBe("403 403");
    await configure({ users: null });
  });

  test("any JSON as a file's row is accepted or refused, and never an error of the server", async () => {
    const odd: object[] = [
      { name: "../../etc/passwd" },
      { name: "\u0000\ud800‮" },
      { name: "a".repeat(1_024), keep_file_name: true },
      { name: { $gt: "" } },
      { name: "a", metaData: [] },
      { name: "a", metaData: { size: -1 } },
      { name: "a", metaData: { size: "1e999" } },
      { name: "a", ACL: "none" },
      { name: "a", mime_type: "text/html\r\nSet-Cookie: a=b" },
      { name: "a", prefix: "../.." },
      { name: "a", prefix: 7 },
      { name: "a", constructor: "x", toString: "y" },
    ];
    for (const body of odd) {
      const response = await announce(body);
      expect([body, response.status]).toEqual([
        body,
        expect.toSatisfy((status) => status === 201 || status === 400),
      ]);
      if (response.status !== 201) continue;
      const { upload_url, url, objectId, mime_type } =
        await response.json<Awaited<ReturnType<typeof announced>>>();
      expect(new URL(url).pathname).toMatch(/^\/files\/[^/]/);
      expect(url).not.toMatch(/\/\.\.?(?:\/|$)/);
      expect(mime_type).toMatch(/^[\x20-\x7e]+$/);
      expect((await put({ upload_url }, "bytes")).status).toBe(200);
      expect(await bytesOf({ objectId })).toBe("bytes");
      expect((await rowOf({ objectId })).status).toBe(200);
    }
  });
});
