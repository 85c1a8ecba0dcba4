import fc from "fast-check";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { addFile } from "../../../src/database/files/files.ts";
import { FILE_HEADERS } from "../../../src/files/file-answer.ts";
import { openWorld, world } from "../support/world.ts";
import { ask } from "./ask.ts";
import { bucket, storeFile } from "./stored-files.ts";

const ORIGIN = "http://im.example.com";
const BYTES = Uint8Array.from({ length: 1_000 }, (_, at) => at % 251);
const KEY = "4f5Hs0.png";

beforeAll(async () => {
  await openWorld();
  await storeFile({ key: KEY, bytes: BYTES, name: "猫.png" });
  await storeFile({ key: "empty.txt", mimeType: "text/plain", name: "empty.txt" });
});

const get = (path: string, headers: Record<string, string> = {}, method = "GET") =>
  ask(`${ORIGIN}/files/${path}`, { method, headers });

const bytesOf = async (response: Response) => new Uint8Array(await response.arrayBuffer());

describe("GET /files/{key}", () => {
  test("a file is served whole, with its type, length, name, date and tag, for a year, to pages of any origin", async () => {
    const response = await get(KEY, { Origin: "https://app.example.com" });
    expect(response.status).toBe(200);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "content-type": "image/png",
      "content-length": "1000",
      "content-disposition": "inline; filename=\"_.png\"; filename*=UTF-8''%E7%8C%AB.png",
      "accept-ranges": "bytes",
      "last-modified": "Sat, 28 Nov 2026 12:00:00 GMT",
      etag: expect.stringMatching(/^"[0-9a-f]{32}"$/),
      "cache-control": "public, max-age=31536000, immutable",
      "access-control-allow-origin": "*",
      "access-control-expose-headers": expect.stringContaining("Content-Range"),
      "cross-origin-resource-policy": "cross-origin",
      "x-content-type-options": "nosniff",
      "content-security-policy": FILE_HEADERS["Content-Security-Policy"],
    });
    expect(await bytesOf(response)).toEqual(BYTES);
  });

  test("HEAD has the headers of the file and reads nothing from the bucket", async () => {
    const read = vi.spyOn(bucket(), "get");
    const response = await get(KEY, {}, "HEAD");
    expect([response.status, response.headers.get("Content-Length")]).toEqual([200, "1000"]);
    expect(response.headers.get("Content-Type")).toBe("image/png");
    expect(await response.text()).toBe("");
    expect(read).not.toHaveBeenCalled();
    read.mockRestore();
  });

  test.each([
    ["bytes=0-99", 0, 100],
    ["bytes=900-", 900, 100],
    ["bytes=-1", 999, 1],
    ["bytes=500-5000", 500, 500],
  ])("Range: %s is answered with 206 and these bytes alone", async (range, offset, length) => {
    const response = await get(KEY, { Range: range });
    expect(response.status).toBe(206);
    expect(response.headers.get("Content-Length")).toBe(`${length}`);
    expect(response.headers.get("Content-Range")).toBe(`bytes ${offset}-${offset + length - 1}/1000`);
    expect(await bytesOf(response)).toEqual(BYTES.slice(offset, offset + length));
  });

  test("a range outside of the file is answered with 416 and its length", async () => {
    const response = await get(KEY, { Range: "bytes=1000-" });
    expect([response.status, response.headers.get("Content-Range")]).toEqual([416, "bytes */1000"]);
    expect(await response.text()).toBe("");
  });

  test("several ranges, and ranges of an empty file, are answered with the whole file", async () => {
    const several = await get(KEY, { Range: "bytes=0-1,5-6" });
    expect([several.status, (await bytesOf(several)).length]).toEqual([200, 1_000]);
    const empty = await get("empty.txt", { Range: "bytes=0-" });
    expect([empty.status, empty.headers.get("Content-Length"), await empty.text()]).toEqual([200, "0", ""]);
  });

  test("a caller who has the file already is answered with 304, and one with a part of another gets all of it", async () => {
    const etag = (await get(KEY)).headers.get("ETag") ?? "";
    const again = await get(KEY, { "If-None-Match": etag });
    expect([again.status, await again.text(), again.headers.get("ETag")]).toEqual([304, "", etag]);
    expect(again.headers.get("Cache-Control")).toContain("immutable");
    expect((await get(KEY, { Range: "bytes=0-1", "If-Range": etag })).status).toBe(206);
    expect((await get(KEY, { Range: "bytes=0-1", "If-Range": '"another"' })).status).toBe(200);
  });

  test("parameters for a smaller picture, and any others, are answered with the original", async () => {
    for (const query of [
      "imageView/2/w/100/h/100/q/100/format/png",
      "imageMogr2/thumbnail/100x",
      "v=1",
      "attname=a.png",
    ])
      expect((await bytesOf(await get(`${KEY}?${query}`))).length).toBe(1_000);
  });

  test("files whose bytes have not come, are elsewhere or are gone are not found", async () => {
    const row = {
      name: "a",
      mimeType: "image/png",
      metaData: {},
      acl: undefined,
      fields: {},
      createdAt: 1,
      updatedAt: 1,
    };
    const awaiting = {
      state: "awaiting",
      key: "awaiting.png",
      token: "t",
      tokenExpiresAt: Date.now() + 60_000,
    } as const;
    await addFile(world.DB, { ...row, id: "a".repeat(24), content: awaiting });
    await addFile(world.DB, {
      ...row,
      id: "b".repeat(24),
      content: { state: "external", url: "https://elsewhere.example.com/x" },
    });
    const object = await storeFile({ key: "gone.png", bytes: "gone" });
    await bucket().delete(object);
    const log = vi.spyOn(console, "error").mockImplementation(() => {});
    for (const key of [
      "awaiting.png",
      "gone.png",
      "b".repeat(24),
      "x",
      "https://elsewhere.example.com/x",
      "object-1",
      "",
    ]) {
      const response = await get(key);
      expect([key, response.status]).toEqual([key, 404]);
      expect(response.headers.get("Cache-Control")).toBe("no-store");
      expect(await response.json()).toEqual({ code: 404, error: "Not found." });
    }
    log.mockRestore();
  });

  test("a deployment without a bucket has no files, and no error", async () => {
    const response = await ask(`${ORIGIN}/files/${KEY}`, { env: { FILES: undefined } });
    expect(response.status).toBe(404);
  });

  test("[I11] a file is answered with 503 when D1 or the bucket is down", async () => {
    const log = vi.spyOn(console, "error").mockImplementation(() => {});
    const down = () => {
      throw new Error("secret of the storage");
    };
    for (const env of [
      { DB: Object.assign(Object.create(world.DB), { prepare: down }) },
      { FILES: Object.assign(Object.create(bucket()), { get: async () => down() }) },
    ]) {
      const response = await ask(`${ORIGIN}/files/${KEY}`, { env });
      expect(response.status).toBe(503);
      expect(await response.text()).not.toContain("secret");
    }
    log.mockRestore();
  });

  test.each([
    "text/html",
    "image/svg+xml",
    "application/xml",
    "text/javascript",
    "text/html\r\nX-A: b",
    "",
    "multipart/x-mixed-replace",
  ])("a file of the type %j is downloaded, never shown", async (mimeType) => {
    const key = `page-${mimeType.length}`;
    await storeFile({ key, mimeType, name: "page.html", bytes: "<script>1</script>" });
    const { headers, status } = await get(key);
    expect(status).toBe(200);
    expect(headers.get("Content-Disposition")).toMatch(/^attachment; filename="page.html"$/);
    expect(headers.get("Content-Security-Policy")).toMatch(/^default-src 'none';.* sandbox$/);
    expect(headers.get("Content-Type")).not.toMatch(/script/);
  });

  test("a PDF is shown by the browser's own viewer, which starts in no sandbox", async () => {
    await storeFile({ key: "menu.pdf", mimeType: "application/pdf", name: "menu.pdf", bytes: "%PDF-1.4" });
    const { headers } = await get("menu.pdf");
    expect(headers.get("Content-Disposition")).toBe('inline; filename="menu.pdf"');
    expect(headers.get("Content-Security-Policy")).toBe(
      "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'",
    );
  });

  test("a caller who leaves ends the reading of the bucket", async () => {
    let cancelled = false;
    const endless = new ReadableStream({
      pull: (controller) => controller.enqueue(new Uint8Array(1_000)),
      cancel: () => {
        cancelled = true;
      },
    });
    const key = "long.bin";
    await storeFile({ key, bytes: new Uint8Array(1_000_000), mimeType: "application/octet-stream" });
    const stored = { size: 1_000_000, etag: "x", body: endless };
    const response = await ask(`${ORIGIN}/files/${key}`, {
      env: { FILES: Object.assign(Object.create(bucket()), { get: async () => stored }) },
    });
    const reader = response.body?.getReader();
    await reader?.read();
    await reader?.cancel();
    await vi.waitFor(() => expect(cancelled).toBe(true));
  });
});

describe("keys in paths", () => {
  const keys = [
    "a/b/c.png",
    "prefix//double.png",
    "/leading.png",
    "trailing/",
    "with space.png",
    "plus+and&more=.png",
    "percent%41.png",
    "100%.png",
    "猫/🧀.png",
    "question?x=1#y.png",
    "a/../b.png",
    "back\\slash.png",
    "semi;colon,comma.png",
    "cafe\u0301.png",
  ];

  test.each(keys)("a file is served under the key %j, and under no other", async (key) => {
    await storeFile({ key, bytes: `bytes of ${key}` });
    const response = await get(encodeURIComponent(key));
    expect([response.status, await response.text()]).toEqual([200, `bytes of ${key}`]);
    // As a browser or an SDK writes it, if that is a path at all.
    const path = key.split("/").map(encodeURIComponent).join("/");
    if (new URL(`${ORIGIN}/files/${path}`).pathname === `/files/${path}`)
      expect(await (await get(path)).text()).toBe(`bytes of ${key}`);
    expect((await get(encodeURIComponent(`${key}x`))).status).toBe(404);
  });

  test("no path is answered with anything but its own file, or with an error of the server", async () => {
    const part = fc.oneof(
      fc.constantFrom(
        "..",
        ".",
        "/",
        "//",
        "\\",
        "%2e%2e",
        "%2F",
        "%5c",
        "%00",
        "%",
        "%ff",
        "%u0041",
        ";",
        "?",
        "#",
        "*",
        "'",
        '"',
        "--",
        "a.png",
        KEY,
      ),
      fc.string({ maxLength: 6 }),
      fc.string({ unit: "binary", maxLength: 4 }),
    );
    const paths = fc.array(part, { maxLength: 8 }).map((parts) => parts.join("").toWellFormed());
    await fc.assert(
      fc.asyncProperty(paths, async (path) => {
        const { pathname } = new URL(`${ORIGIN}/files/${path}`);
        const response = await get(path);
        const isOutside = !pathname.startsWith("/files/");
        expect(response.status).toBeLessThan(500);
        if (response.status === 200 && !isOutside) {
          const key = pathname.slice("/files/".length);
          const known = [KEY, "empty.txt", ...keys];
          expect([...known, ...known.map(encodeURI), ...known.map(encodeURIComponent)]).toContain(key);
        }
        await response.body?.cancel();
      }),
      { numRuns: 300 },
    );
  });
});

describe("questions about a file", () => {
  test("[B-15] ?imageInfo and ?avinfo are answered in JSON, from the first bytes of the file", async () => {
    const wav = new Uint8Array(44 + 8_000);
    const view = new DataView(wav.buffer);
    for (const [at, text] of [
      [0, "RIFF"],
      [8, "WAVEfmt "],
      [36, "data"],
    ] as const)
      wav.set(new TextEncoder().encode(text), at);
    view.setUint32(16, 16, true);
    view.setUint32(28, 8_000, true);
    view.setUint32(40, 8_000, true);
    await storeFile({ key: "tone.wav", bytes: wav, mimeType: "audio/wav" });
    const gif = new TextEncoder().encode("GIF89a%\0\u0015\0");
    await storeFile({ key: "still.gif", bytes: gif, mimeType: "image/gif" });
    const sound = await get("tone.wav?avinfo");
    expect(sound.headers.get("Content-Type")).toBe("application/json");
    expect(await sound.json()).toEqual({ format: { format_name: "wav", duration: "1.000", size: "8044" } });
    expect(await (await get("still.gif?imageInfo")).json()).toEqual({
      format: "gif",
      width: 37,
      height: 21,
      size: 10,
    });
    expect(await (await get("still.gif?avinfo")).json()).toEqual({ format: { size: "10" } });
    expect(await (await get("tone.wav?imageInfo")).json()).toEqual({});
    expect((await get("nothing.wav?avinfo")).status).toBe(404);
  });

  test("a question about a large file reads a few windows of it", async () => {
    await storeFile({ key: "noise.mp3", bytes: new Uint8Array(5_000_000).fill(0x55) });
    const read = vi.spyOn(bucket(), "get");
    for (const question of ["imageInfo", "avinfo"]) {
      read.mockClear();
      expect((await get(`noise.mp3?${question}`)).status).toBe(200);
      expect(read.mock.calls.length).toBeLessThanOrEqual(12);
    }
    read.mockRestore();
  });
});
