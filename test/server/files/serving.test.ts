import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import fc from "fast-check";
import * as v from "valibot";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Server, startServer } from "../../support/server.ts";

/* Files of a running server, asked for by sockets: what no HTTP client would send. */

const KEYS = { APP_ID: "files-app", APP_KEY: "files-key", MASTER_KEY: "files-master" };
const FILES_HOST = "files.example.com";
const HTML = "<script>document.title = 'ran'</script>";
const picture = readFileSync(new URL("../../fixtures/media/still.png", import.meta.url));
const LARGE = 30 * 1024 * 1024;

let server: Server;
let port: number;
/** Paths of files, by name. */
let files: { picture: string; page: string; large: string };

const Announced = v.object({ url: v.string(), upload_url: v.string(), token: v.string() });

async function stored(name: string, type: string, bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const headers = { "X-LC-Id": KEYS.APP_ID, "X-LC-Key": KEYS.APP_KEY, "Content-Type": "application/json" };
  const ask = (path: string, body: object) =>
    fetch(server.url + path, { method: "POST", headers, body: JSON.stringify(body) });
  const announced = await ask("/1.1/fileTokens", { name, mime_type: type, metaData: { size: bytes.length } });
  const file = v.parse(Announced, await announced.json());
  const sent = await fetch(file.upload_url, {
    method: "PUT",
    headers: { "Content-Type": type },
    body: bytes,
  });
  if (!sent.ok) throw new Error(`${name}: ${sent.status}`);
  await ask("/1.1/fileCallback", { result: true, token: file.token });
  return new URL(file.url).pathname;
}

beforeAll(async () => {
  server = await startServer({ env: KEYS });
  port = server.port;
  files = {
    picture: await stored("cat.png", "image/png", Uint8Array.from(picture)),
    page: await stored("page.html", "text/html", Uint8Array.from(Buffer.from(HTML))),
    large: await stored("much.bin", "application/octet-stream", new Uint8Array(LARGE).fill(7)),
  };
  const settings = await fetch(`${server.url}/admin/settings`, {
    method: "PATCH",
    headers: {
      "X-LC-Id": KEYS.APP_ID,
      "X-LC-Key": `${KEYS.MASTER_KEY},master`,
      "Content-Type": "application/json",
    },
    body: JSON.stringify({ files: { url: `https://${FILES_HOST}` } }),
  });
  if (!settings.ok) throw new Error(await settings.text());
});
afterAll(() => server?.stop());

interface Answer {
  status: number;
  headers: Map<string, string>;
  body: Buffer;
}

/** Sends lines of a head as they are, and reads until the server closes. Without an answer the status is 0. */
async function raw(lines: string[]): Promise<Answer> {
  const socket = connect(port, "127.0.0.1");
  const chunks: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => chunks.push(chunk));
  socket.on("error", () => {});
  socket.write(Buffer.from(`${[...lines, "Connection: close"].join("\r\n")}\r\n\r\n`, "latin1"));
  await once(socket, "close");
  const all = Buffer.concat(chunks);
  const end = all.indexOf("\r\n\r\n");
  const head = all.toString("latin1", 0, Math.max(end, 0)).split("\r\n");
  const headers = new Map<string, string>();
  for (const field of head.slice(1)) {
    const at = field.indexOf(":");
    headers.set(field.slice(0, at).toLowerCase(), field.slice(at + 1).trim());
  }
  return { status: Number(head[0]?.split(" ")[1] ?? 0), headers, body: all.subarray(end + 4) };
}

const get = (path: string, ...more: string[]) =>
  raw([`GET ${path} HTTP/1.1`, "Host: im.example.com", ...more]);

describe("files over a socket", () => {
  test("[B-15] a file has its length on the wire, whole, in part and by HEAD", async () => {
    const whole = await get(files.picture);
    expect([whole.status, whole.headers.get("content-length")]).toEqual([200, `${picture.length}`]);
    expect(whole.headers.has("transfer-encoding")).toBe(false);
    expect(whole.body).toEqual(picture);
    const part = await get(files.picture, "Range: bytes=8-15");
    expect([part.status, part.headers.get("content-length")]).toEqual([206, "8"]);
    expect(part.body).toEqual(picture.subarray(8, 16));
    const head = await raw([`HEAD ${files.picture} HTTP/1.1`, "Host: im.example.com"]);
    expect([head.status, head.headers.get("content-length")]).toEqual([200, `${picture.length}`]);
    expect(head.body.length).toBe(0);
  });

  test("[B-15] the domain of files has the same files under their keys alone, those of pages' names too", async () => {
    const key = files.picture.replace("/files/", "/");
    const host = `Host: ${FILES_HOST}`;
    expect((await raw([`GET ${key} HTTP/1.1`, host])).body).toEqual(picture);
    for (const path of [files.picture, "/", "/v1/route", "/admin/settings", "/nothing.js"])
      expect([path, (await raw([`GET ${path} HTTP/1.1`, host])).status]).toEqual([path, 404]);
    expect((await raw([`POST /1.1/fileTokens HTTP/1.1`, host, "Content-Length: 0"])).status).toBe(405);
  });

  test("[B-15] no path, host, range or parameter gets another file, a page to show, or an error of the server", async () => {
    const known = [picture, Buffer.from(HTML)];
    const junk = fc.oneof(
      fc.constantFrom(
        "..",
        "/",
        "//",
        "\\",
        "%2e%2e",
        "%2F..%2F",
        "%00",
        "%",
        "%ff%fe",
        "%0d%0aX: y",
        ";",
        "*",
        "~",
        "'",
      ),
      fc.string({ maxLength: 4 }),
      fc.string({ unit: "binary", maxLength: 3 }),
    );
    const noLines = (text: string) => text.replaceAll(/[\r\n\u0100-\uffff]/g, "");
    const path = fc
      .tuple(
        fc.constantFrom("/files/", "/", "//files/", "/files//", "/%66iles/", "http://im.example.com/files/"),
        fc.array(fc.oneof(junk, fc.constantFrom("PICTURE", "PAGE")), { maxLength: 5 }),
      )
      .map(([start, parts]) => start + noLines(parts.join("")).replaceAll(" ", "%20"));
    const query = fc.oneof(
      fc.constantFrom("", "?imageInfo", "?avinfo", "?imageView/2/w/9", "?response-content-type=text/html"),
      junk.map((text) => `?${noLines(text).replaceAll(" ", "+")}`),
    );
    const range = fc.oneof(
      fc.constantFrom(
        "bytes=0-",
        "bytes=-1",
        "bytes=5-1",
        "bytes=9999-",
        "bytes=0-1,2-3",
        "bytes=18446744073709551616-",
      ),
      junk.map(noLines),
    );
    const host = fc.oneof(
      fc.constantFrom("im.example.com", FILES_HOST, `${FILES_HOST}.`, `${FILES_HOST}:443`, "", "[", "a b"),
      junk.map(noLines),
    );
    const type = fc.constantFrom("image/png", "text/html", "*/*", "");
    await fc.assert(
      fc.asyncProperty(path, query, range, host, type, async (where, asked, part, named, accept) => {
        const target = where
          .replaceAll("PICTURE", files.picture.replace("/files/", ""))
          .replaceAll("PAGE", files.page.replace("/files/", ""));
        const answer = await raw([
          `GET ${target}${asked} HTTP/1.1`,
          `Host: ${named}`,
          `Range: ${part}`,
          `Accept: ${accept}`,
        ]);
        expect(answer.status).toBeLessThan(500);
        const shown = answer.headers.get("content-type") ?? "";
        const isFile = answer.headers.has("content-disposition");
        if (isFile && answer.status < 300)
          expect(known.some((bytes) => bytes.includes(answer.body))).toBe(true);
        if (isFile && /html|svg|xml/i.test(shown))
          expect(answer.headers.get("content-disposition")).toMatch(/^attachment/);
        if (isFile) expect(answer.headers.get("content-security-policy")).toMatch(/default-src 'none'/);
      }),
      { numRuns: 400 },
    );
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
  });
});

describe("readers who are slow or leave", () => {
  const sockets: Socket[] = [];
  afterAll(() => {
    for (const socket of sockets) socket.destroy();
  });

  async function memory(): Promise<number> {
    const headers = { "X-LC-Id": KEYS.APP_ID, "X-LC-Key": `${KEYS.MASTER_KEY},master` };
    const health = await (await fetch(`${server.url}/admin/health`, { headers })).json();
    return v.parse(v.object({ host: v.object({ memoryBytes: v.number() }) }), health).host.memoryBytes;
  }

  /** Asks for the large file and reads nothing of it. */
  async function idler(): Promise<Socket> {
    const socket = connect(port, "127.0.0.1");
    sockets.push(socket);
    socket.on("error", () => {});
    await once(socket, "connect");
    socket.pause();
    socket.write(`GET ${files.large} HTTP/1.1\r\nHost: im.example.com\r\n\r\n`);
    return socket;
  }

  test("[I13] readers who read nothing of a large file hold nobody up, and their files are not in memory", async () => {
    await get(files.large);
    const before = await memory();
    for (let count = 0; count < 40; count++) await idler();
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    const started = Date.now();
    for (let count = 0; count < 20; count++) expect((await get(files.picture)).body).toEqual(picture);
    expect(Date.now() - started).toBeLessThan(5_000);
    // 40 files have 1,200 MB; what sockets and streams hold of each is some hundred KB.
    expect((await memory()) - before).toBeLessThan(100 * 1024 * 1024);
  });

  test("[I13] a large file goes to a reader without being in memory, and one who leaves ends it", async () => {
    const before = await memory();
    for (let count = 0; count < 5; count++) {
      const socket = await idler();
      socket.resume();
      await once(socket, "data");
      socket.destroy();
      expect((await get(files.large)).body.length).toBe(LARGE);
    }
    expect((await memory()) - before).toBeLessThan(60 * 1024 * 1024);
    expect(server.output()).not.toMatch(/rror/);
  });
});
