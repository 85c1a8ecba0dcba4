import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { PART_BYTES } from "../../../../src/files/part-writer.ts";
import { addressLimits } from "../../../../src/gateway/limits/address-limits.ts";
import {
  type Announced,
  announced,
  bytesOf,
  end,
  objects,
  put,
  rowOf,
  uploaded,
} from "../../support/files.ts";
import { outcome, rest } from "../../support/rest.ts";
import { configure, http, masterKeys, openWorld, world } from "../../support/world.ts";
import { ask } from "../ask.ts";

beforeAll(() => openWorld());
beforeEach(() => configure({ files: null }));
afterEach(() => void vi.restoreAllMocks());

const encoder = new TextEncoder();

/** A body that says nothing of its length. */
function streamOf(...chunks: Uint8Array[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    pull(controller) {
      const next = chunks.shift();
      if (next === undefined) return controller.close();
      controller.enqueue(next);
    },
  });
}

function formWith(...parts: [string, string | Blob][]): FormData {
  const form = new FormData();
  for (const [name, value] of parts) {
    if (typeof value === "string") form.append(name, value);
    else form.append(name, value, "cheese.png");
  }
  return form;
}

describe("[B-15] the upload of a file", () => {
  test("bytes of one PUT become the file, at once and before the client says so", async () => {
    const file = await announced();
    const response = await put(file, "bytes", { headers: { "content-type": "image/png" } });
    expect([response.status, await response.json()]).toEqual([
      200,
      expect.objectContaining({ key: file.key }),
    ]);
    expect(await bytesOf(file)).toBe("bytes");
    expect((await rowOf(file)).status).toBe(200);
    expect(await (await end(file, true)).json()).toEqual({});
    expect((await rowOf(file)).status).toBe(200);
  });

  test("bytes of a form become the file, wherever it is in the form, and its other fields count for nothing", async () => {
    const bytes = new Blob(["bytes"]);
    const more: [string, string][] = [
      ["key", "../../evil"],
      ["token", "wrong"],
    ];
    for (const form of [formWith(["file", bytes], ...more), formWith(...more, ["file", bytes])]) {
      const file = await announced();
      const response = await put(file, form, { method: "POST" });
      // Mini-programs parse it as JSON.
      expect([response.status, await response.json()]).toEqual([
        200,
        expect.objectContaining({ key: file.key }),
      ]);
      expect(await bytesOf(file)).toBe("bytes");
    }
  });

  test("a file whose length nobody says is stored in parts, and comes out as it went in", async () => {
    const file = await announced();
    const chunk = crypto.getRandomValues(new Uint8Array(65_536));
    const count = Math.ceil((PART_BYTES * 2.5) / chunk.length);
    expect((await put(file, streamOf(...Array(count).fill(chunk)))).status).toBe(200);
    const { object } =
      (await world.DB.prepare("SELECT object FROM files WHERE id = ?").bind(file.objectId).first()) ?? {};
    const stored = new Uint8Array((await (await world.FILES?.get(String(object)))?.arrayBuffer()) ?? []);
    expect(stored.length).toBe(chunk.length * count);
    for (let at = 0; at < stored.length; at += chunk.length)
      expect(Buffer.compare(stored.subarray(at, at + chunk.length), chunk)).toBe(0);
  });

  test("an empty file is a file, by PUT, by form, and where the SDK sends none of its nothing", async () => {
    const [byPut, byForm, byWord] = [
      await announced(),
      await announced(),
      await announced({ metaData: { size: 0 } }),
    ];
    expect((await put(byPut, "")).status).toBe(200);
    expect((await put(byForm, formWith(["file", new Blob([])]), { method: "POST" })).status).toBe(200);
    expect((await end(byWord, true)).status).toBe(200);
    for (const file of [byPut, byForm, byWord]) {
      expect(await bytesOf(file)).toBe("");
      expect((await rowOf(file)).status).toBe(200);
    }
  });

  test("a token is good for one file, and a second upload changes nothing", async () => {
    const file = await uploaded("first");
    expect(await outcome(put(file, "second"))).toBe("409 409");
    expect(await outcome(put(file, streamOf(encoder.encode("second"))))).toBe("409 409");
    expect(await bytesOf(file)).toBe("first");
    await end(file, true);
    expect(await outcome(put(file, "third"))).toBe("404 404");
    expect(await bytesOf(file)).toBe("first");
  });

  test("of uploads at the same time exactly one counts, whole, and nothing is left of the others", async () => {
    const before = await objects();
    const file = await announced();
    const texts = Array.from({ length: 12 }, (_, number) => String(number).repeat(50_000));
    const responses = await Promise.all(
      texts.map((text, number) => put(file, number % 2 === 0 ? text : streamOf(encoder.encode(text)))),
    );
    expect(responses.filter(({ status }) => status === 200).length).toBe(1);
    expect(responses.filter(({ status }) => status === 409).length).toBe(texts.length - 1);
    expect(await bytesOf(file)).toBe(texts[responses.findIndex(({ status }) => status === 200)]);
    await vi.waitFor(async () =>
      expect(await objects()).toEqual({ stored: before.stored + 1, unclaimed: before.unclaimed }),
    );
  });

  test("a token is good for a quarter of an hour", async () => {
    const file = await announced();
    const now = Date.now();
    vi.spyOn(Date, "now").mockReturnValue(now + 16 * 60_000);
    expect(await outcome(put(file, "bytes"))).toBe("403 403");
    vi.spyOn(Date, "now").mockReturnValue(now + 14 * 60_000);
    expect((await put(file, "bytes")).status).toBe(200);
  });

  test.each(["x", "x".repeat(40), `${"x".repeat(39)}%2e`, "..%2f..%2fadmin", "x".repeat(4_000)])(
    "the token %j is refused, whatever it is",
    async (token) => {
      const response = await http(`/uploads/${token}`, { method: "PUT", body: "bytes" });
      expect([400, 404]).toContain(response.status);
    },
  );
});

describe("[B-15] an upload that is refused or ends early leaves nothing", () => {
  let before: Awaited<ReturnType<typeof objects>>;
  beforeEach(async () => {
    before = await objects();
  });

  test("a file that is too large is refused as soon as that is known", async () => {
    await configure({ files: { maxBytes: 100 } });
    const file = await announced();
    const long = encoder.encode("x".repeat(101));
    expect(await outcome(put(file, long))).toBe("413 129");
    expect(await outcome(put(file, streamOf(long.slice(0, 60), long.slice(60))))).toBe("413 129");
    const form = formWith(["name", "x".repeat(200)], ["file", new Blob([long])]);
    expect(await outcome(put(file, form, { method: "POST" }))).toBe("413 129");
    expect(await outcome(rowOf(file))).toBe("404 101");
    expect(await objects()).toEqual(before);
    // The limit is that of the file, and not of the form around it.
    const small = formWith(["name", "x".repeat(200)], ["file", new Blob([long.slice(0, 100)])]);
    expect((await put(file, small, { method: "POST" })).status).toBe(200);
  });

  test("a file that becomes too large in its second part is removed with its first", async () => {
    await configure({ files: { maxBytes: PART_BYTES + 100 } });
    const file = await announced();
    const chunks = Array(Math.ceil(PART_BYTES / 65_536) + 2).fill(new Uint8Array(65_536));
    expect(await outcome(put(file, streamOf(...chunks)))).toBe("413 129");
    expect(await objects()).toEqual(before);
  });

  test("a body that is no form, or no whole one, is refused", async () => {
    const file = await announced();
    expect(await outcome(put(file, "bytes", { method: "POST" }))).toBe("400 400");
    expect(await outcome(put(file, formWith(["token", "x"]), { method: "POST" }))).toBe("400 400");
    const half = '--b\r\nContent-Disposition: form-data; name="file"\r\n\r\nbytes';
    const headers = { "content-type": "multipart/form-data; boundary=b" };
    expect(await outcome(put(file, half, { method: "POST", headers }))).toBe("400 400");
    expect(await objects()).toEqual(before);
  });

  test("a client that says that its upload failed has no file, whether the bytes came or not", async () => {
    const [with_, without] = [await uploaded(), await announced()];
    for (const file of [with_, without]) {
      expect(await (await end(file, false)).json()).toEqual({});
      expect(await outcome(rowOf(file))).toBe("404 101");
      expect(await outcome(put(file, "bytes"))).toBe("404 404");
    }
    expect(await objects()).toEqual(before);
  });

  test("what a client says after it has confirmed its file, or of any other token, changes nothing", async () => {
    const file = await uploaded();
    await end(file, true);
    expect((await end(file, false)).status).toBe(200);
    expect((await end({ token: "x".repeat(40) }, false)).status).toBe(200);
    expect((await rowOf(file)).status).toBe(200);
    expect(await outcome(rest("POST", "/1.1/fileCallback", { token: { $gt: "" } }))).toBe("400 105");
  });

  test("a client that was refused and says that all went well has no file", async () => {
    await configure({ files: { maxBytes: 1 } });
    const file = await announced();
    expect(await outcome(put(file, "bytes"))).toBe("413 129");
    expect((await end(file, true)).status).toBe(200);
    expect(await outcome(rowOf(file))).toBe("404 101");
  });

  test("a file that is deleted while its bytes come is not there afterwards", async () => {
    const file = await announced();
    let go = () => {};
    const gate = new Promise<void>((resolve) => {
      go = resolve;
    });
    const body = new ReadableStream<Uint8Array>({
      async pull(controller) {
        await gate;
        controller.enqueue(encoder.encode("late"));
        controller.close();
      },
    });
    const upload = put(file, body);
    await vi.waitFor(async () => expect((await objects()).unclaimed).toBe(before.unclaimed + 1));
    await rest("DELETE", `/1.1/files/${file.objectId}`, undefined, masterKeys);
    go();
    expect(await outcome(upload)).toBe("404 404");
    expect(await objects()).toEqual(before);
  });
});

describe("[B-15] what a client says while its bytes come", () => {
  const halfSent = async (file: Announced) => {
    let go = () => {};
    const gate = new Promise<void>((resolve) => {
      go = resolve;
    });
    const body = new ReadableStream<Uint8Array>({
      async pull(controller) {
        await gate;
        controller.enqueue(encoder.encode("late"));
        controller.close();
      },
    });
    const before = await objects();
    const upload = put(file, body);
    await vi.waitFor(async () => expect((await objects()).unclaimed).toBe(before.unclaimed + 1));
    return { upload, go };
  };

  test.each([true, false])(
    "with the result %j the token ends, and what still comes is no file",
    async (result) => {
      const before = await objects();
      const file = await announced();
      const { upload, go } = await halfSent(file);
      await end(file, result);
      go();
      expect(await outcome(upload)).toBe("404 404");
      expect(await outcome(put(file, "again"))).toBe("404 404");
      expect(await outcome(rowOf(file))).toBe("404 101");
      expect(await objects()).toEqual(before);
    },
  );

  test("a client that says before any byte that it is done has no file", async () => {
    const file = await announced({ name: "cheese.png", metaData: { size: 5 } });
    expect((await end(file, true)).status).toBe(200);
    expect(await outcome(put(file, "bytes"))).toBe("404 404");
  });
});

test("[B-15] a row shows the size that was stored, whatever the client announced", async () => {
  for (const metaData of [{ size: 3, width: 1 }, { size: "x" }, {}]) {
    const file = await uploaded("ten bytes.", { name: "cheese.png", metaData });
    expect(await (await rowOf(file)).text()).toContain('"size":10');
    expect(await (await rowOf(file)).json()).toMatchObject({ metaData: { ...metaData, size: 10 } });
  }
});

describe("[I13] bytes that an address uploads", () => {
  const from = (address: string, path: string, body: BodyInit, headers: HeadersInit = {}) =>
    ask(`https://im.example.com${path}`, {
      method: "PUT",
      headers: { ...headers, "CF-Connecting-IP": address },
      body,
    });
  const pathOf = ({ upload_url }: Announced) => new URL(upload_url).pathname;

  test("what is announced for an invented token does not count", async () => {
    const length = { "Content-Length": "50000000" };
    for (let count = 0; count < 45; count++) {
      const refused = await from("8.8.8.8", `/uploads/${"A".repeat(40)}`, "x", length);
      expect(refused.status).toBe(404);
    }
    expect((await from("8.8.8.8", pathOf(await announced()), "bytes")).status).toBe(200);
  });

  test("more than a file may have is refused as too large, not as too many", async () => {
    const path = pathOf(await announced());
    expect(await outcome(from("8.8.8.8", path, "x", { "Content-Length": "99999999999" }))).toBe("413 129");
  });

  test("bytes count as they come, and beyond the limit nothing is stored", async () => {
    const before = await objects();
    const file = await announced();
    const counted = vi.spyOn(addressLimits, "take");
    expect((await from("8.8.8.8", pathOf(file), "bytes", { "Content-Length": "5" })).status).toBe(200);
    const amounts = counted.mock.calls.filter(([, kind]) => kind === "uploaded bytes").map((call) => call[2]);
    expect(amounts.reduce((one, other) => one + other, 0)).toBe(5);
    counted.mockImplementation((_, kind) => kind !== "uploaded bytes");
    const more = await announced();
    const refused = from("8.8.8.8", pathOf(more), "bytes", { "Content-Length": "5" });
    expect(await outcome(refused)).toBe("429 429");
    expect(await objects()).toEqual({ ...before, stored: before.stored + 1 });
  });
});

test("[B-15] a page of any origin may upload", async () => {
  const file = await announced();
  const response = await http(new URL(file.upload_url).pathname, {
    method: "OPTIONS",
    headers: {
      Origin: "https://app.example",
      "Access-Control-Request-Method": "PUT",
      "Access-Control-Request-Headers": "cache-control,content-type",
    },
  });
  expect(response.headers.get("Access-Control-Allow-Origin")).toBe("*");
  expect(response.headers.get("Access-Control-Allow-Methods")).toContain("PUT");
  expect(response.headers.get("Access-Control-Allow-Headers")?.toLowerCase()).toContain("cache-control");
});
