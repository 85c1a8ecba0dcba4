import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import * as v from "valibot";
import { describe, expect, test } from "vitest";
import { useTestApp } from "./test-app.ts";

/* Requests about files of SDKs that are not run here, as their sources make them, and what each needs of the answers. */

const app = useTestApp();

const bytes = readFileSync(new URL("../../fixtures/media/still.png", import.meta.url));

/** C# reads all of these without looking whether they are there, Swift and Objective-C most of them. */
const Announced = v.object({
  objectId: v.pipe(v.string(), v.regex(/^[0-9a-f]{24}$/)),
  createdAt: v.pipe(v.string(), v.isoTimestamp()),
  name: v.string(),
  key: v.pipe(v.string(), v.minLength(1)),
  url: v.pipe(v.string(), v.url()),
  bucket: v.pipe(v.string(), v.minLength(1)),
  mime_type: v.pipe(v.string(), v.regex(/^[\w.+-]+\/[\w.+-]+$/)),
  metaData: v.record(v.string(), v.unknown()),
  provider: v.picklist(["s3", "qiniu"]),
  upload_url: v.pipe(v.string(), v.url()),
  token: v.pipe(v.string(), v.minLength(1)),
});

interface Client {
  name: string;
  agent: string;
  /** Of `POST /1.1/fileTokens`. */
  body: object;
  /** Beside the Content-Type of the PUT. */
  put: Record<string, string>;
  /** The Content-Type of the PUT, where it is not that of the answer. */
  type?: string;
  /** Where it reads its file again. */
  row: string;
  /** Where it saves a file that is elsewhere. */
  external: string;
  /** The path of the API as it joins it. */
  base?: string;
}

/** `X-LC-Sign` of SDKs that do not send the key itself. */
function signed(appKey: string): string {
  const now = Date.now();
  return `${createHash("md5").update(`${now}${appKey}`).digest("hex")},${now}`;
}

const YEAR = { "Cache-Control": "public, max-age=31536000" };

const clients: Client[] = [
  {
    name: "Swift 17.11",
    agent: "LeanCloud-Swift-SDK/17.11.0",
    body: { name: "cat.png", mime_type: "image/png", keep_file_name: true, metaData: { size: bytes.length } },
    put: YEAR,
    row: "/1.1/classes/_file",
    external: "/1.1/files",
  },
  {
    name: "Swift 17.0",
    agent: "LeanCloud-Swift-SDK/17.0.0",
    body: {
      name: "cat.png",
      key: "b3b0c8f5-own.png",
      mime_type: "image/png",
      metaData: { size: bytes.length },
    },
    put: YEAR,
    row: "/1.1/classes/_file",
    external: "/1.1/files",
  },
  {
    name: "Objective-C 14",
    agent: "LeanCloud-Objc-SDK/14.0.0",
    body: {
      name: "cat.png",
      mime_type: "image/png",
      metaData: { size: bytes.length, prefix: "pictures" },
      prefix: "pictures",
      ACL: { "*": { read: true } },
    },
    put: YEAR,
    row: "/1.1/classes/_file",
    external: "/1.1/files",
  },
  {
    name: "C# 2.4.1",
    agent: "LeanCloud-CSharp-SDK/2.4.1",
    body: {
      name: "cat.png",
      __type: "File",
      mime_type: "image/png",
      metaData: { size: bytes.length, _checksum: "0d1f" },
    },
    put: { "Cache-Control": "public, max-age=31536000000" },
    row: "/1.1/classes/_File",
    external: "/1.1/classes/_File",
    base: "//1.1",
  },
  {
    name: "Java 8.2.28 and Flutter on Android",
    agent: "LeanCloud-Java-SDK/8.2.28",
    body: {
      name: "cat.png",
      mime_type: "image/png",
      metaData: { _name: "cat.png", _checksum: "0d1f", size: bytes.length, owner: "Tom" },
    },
    put: YEAR,
    type: "application/json",
    row: "/1.1/files",
    external: "/1.1/classes/_File",
  },
  {
    name: "Android 4.7.15",
    agent: "AVOS Cloud android-v4.7.15 SDK",
    body: {
      name: "cat.png",
      key: "Own0key.png",
      __type: "File",
      mime_type: "image/png",
      metaData: { _name: "cat.png", _checksum: "0d1f", size: bytes.length },
    },
    put: YEAR,
    row: "/1.1/files",
    external: "/1.1/classes/_File",
  },
];

describe.each(clients)("$name", (client) => {
  const { agent, body, put, type, row, external, base = "/1.1" } = client;
  const headers = () => ({
    "X-LC-Id": app().keys.appId,
    "X-LC-Sign": signed(app().keys.appKey),
    "Content-Type": "application/json",
    "User-Agent": agent,
  });
  const post = (path: string, content: object) =>
    fetch(app().url + path, { method: "POST", headers: headers(), body: JSON.stringify(content) });

  test("[B-15] its file is announced with every field, uploaded by one PUT, confirmed, read and fetched", async () => {
    const announced = await post(`${base}/fileTokens`, body);
    expect(announced.status).toBe(201);
    const file = v.parse(Announced, await announced.json());
    expect(file.provider).toBe("s3");
    expect(file.key).not.toMatch(/own/i);
    expect((await fetch(file.url)).status).toBe(404);

    const sent = await fetch(file.upload_url, {
      method: "PUT",
      headers: { "Content-Type": type ?? file.mime_type, ...put, "User-Agent": agent },
      body: bytes,
    });
    expect(sent.status).toBeGreaterThanOrEqual(200);
    expect(sent.status).toBeLessThan(300);
    const confirmed = await post(`${base}/fileCallback`, { result: true, token: file.token });
    expect([confirmed.status, await confirmed.json()]).toEqual([200, {}]);

    const read = await fetch(`${app().url}${row}/${file.objectId}`, { headers: headers() });
    expect(await read.json()).toMatchObject({
      objectId: file.objectId,
      name: "cat.png",
      url: file.url,
      mime_type: "image/png",
      createdAt: file.createdAt,
    });
    const fetched = await fetch(file.url, { headers: { "User-Agent": agent } });
    expect(fetched.headers.get("Content-Type")).toBe("image/png");
    expect(Buffer.from(await fetched.arrayBuffer())).toEqual(bytes);
    const info = await fetch(`${file.url}?imageInfo`, { headers: { "User-Agent": agent } });
    expect(await info.json()).toMatchObject({ format: "png", width: 37, height: 21 });
    const sound = await fetch(`${file.url}?avinfo`, { headers: { "User-Agent": agent } });
    expect(await sound.json()).toEqual({ format: { size: `${bytes.length}` } });
  });

  test("[B-15] a file that it knows by another address has an id, a time and that address", async () => {
    const url = "https://elsewhere.example.com/cat.png";
    const content = { name: "cat.png", url, mime_type: "image/png", metaData: { __source: "external" } };
    const saved = await post(external, content);
    expect(saved.status).toBe(201);
    const answer = await saved.json();
    expect(answer).toMatchObject({
      objectId: expect.stringMatching(/^[0-9a-f]{24}$/),
      createdAt: expect.stringMatching(/Z$/),
      url,
    });
    const read = await fetch(`${app().url}${row}/${Object(answer).objectId}`, { headers: headers() });
    expect(await read.json()).toMatchObject({ url, metaData: { __source: "external" } });
  });
});

const forms: [agent: string, order: string[]][] = [
  ["LeanCloud-JS-SDK/4.15.2 (Weapp)", ["file", "name", "key", "token"]],
  ["LeanCloud-JS-SDK/4.15.2 (QQApp)", ["name", "key", "token", "file"]],
  ["LeanCloud-JS-SDK/4.15.2 (Alipay)", ["file", "token", "key", "name"]],
  ["LeanCloud-JS-SDK/4.15.2 (Baidu)", ["name", "key", "token", "file"]],
  ["LeanCloud-JS-SDK/4.15.2 (Toutiao)", ["file", "name", "key", "token"]],
  ["LeanCloud-JS-SDK/4.15.2 (ReactNative)", ["file", "name", "key", "token"]],
];

describe("platforms that can upload a form alone", () => {
  test.each(forms)("[B-15] %s uploads a form with its fields in the order %j", async (agent, order) => {
    const headers = { "X-LC-Id": app().keys.appId, "X-LC-Key": app().keys.appKey, "X-LC-UA": agent };
    const announced = await fetch(`${app().url}/1.1/fileTokens`, {
      method: "POST",
      headers: { ...headers, "Content-Type": "application/json" },
      body: JSON.stringify({ name: "cat.png", mime_type: "image/png", metaData: {} }),
    });
    const file = v.parse(Announced, await announced.json());
    expect(file.provider).toBe("qiniu");
    const form = new FormData();
    for (const field of order) {
      if (field === "file") form.append("file", new Blob([bytes]), "tmp_0a1b2c.png");
      else form.append(field, { name: "cat.png", key: "another key", token: file.token }[field] ?? "");
    }
    const sent = await fetch(file.upload_url, { method: "POST", body: form });
    expect(sent.status).toBe(200);
    expect(await sent.json()).toMatchObject({ key: expect.any(String) });
    const fetched = await fetch(file.url);
    expect(Buffer.from(await fetched.arrayBuffer())).toEqual(bytes);
  });
});
