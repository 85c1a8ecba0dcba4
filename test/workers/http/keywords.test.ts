import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { keywordFilterOf } from "../../../src/moderation/word-list-store.ts";
import { readSettings } from "../../../src/settings/store.ts";
import { appKeys, configure, http, masterKeys, openWorld, world } from "../support/world.ts";

beforeAll(() => openWorld());
beforeEach(() => world.DB.prepare("DELETE FROM settings").run());

const ask = (method: string, body?: BodyInit, headers: Record<string, string> = masterKeys) =>
  http("/admin/keywords", { method, headers, ...(body !== undefined && { body }) });
const put = (body: BodyInit) => ask("PUT", body);

/** What a message becomes in an isolate that goes by D1. */
async function filtered(text: string): Promise<string> {
  const { keywords } = await readSettings(world);
  const words = await keywordFilterOf(world).get(keywords.version);
  return words?.mask(text) ?? text;
}

/** How many lists D1 holds. */
const lists = () =>
  world.DB.prepare("SELECT count(*) AS n FROM settings WHERE key LIKE 'keywords:%'").first("n");

test.each([{}, appKeys])("the word list is for the master key, not for %j", async (headers) => {
  for (const [method, body] of [["GET"], ["PUT", "cheese"], ["DELETE"]] as const) {
    expect((await ask(method, body, { ...headers })).status).toBe(401);
  }
  expect(await lists()).toBe(0);
});

test("[X-33] an uploaded list counts from then on, and can be read back", async () => {
  const response = await put("\uFEFFcheese\r\nBlue Cheese\r\n\r\ncheese\r\n奶酪");
  expect(response.status).toBe(200);
  const { keywords } = await readSettings(world);
  expect(await response.json()).toEqual({ version: keywords.version, words: 3 });
  expect(await filtered("BLUE CHEESE, 奶酪 and milk")).toBe("***, *** and milk");
  const list = await ask("GET");
  expect(list.headers.get("Content-Type")).toBe("text/plain; charset=UTF-8");
  expect(await list.text()).toBe("cheese\nBlue Cheese\n奶酪\n");
});

test("[X-33] a list replaces the one before, which stays for who still goes by it, but no older one does", async () => {
  const versions: string[] = [];
  for (const word of ["cheese", "milk", "ham"]) {
    const { version }: { version: string } = await (await put(word)).json();
    versions.push(version);
  }
  expect(await filtered("cheese, milk, ham")).toBe("cheese, milk, ***");
  expect(await lists()).toBe(2);
  const { DB } = world;
  const late = keywordFilterOf({ DB: Object.create(DB) });
  expect((await late.get(versions[1] ?? null))?.mask("cheese, milk, ham")).toBe("cheese, ***, ham");
});

test("[X-33] the same list again is the same version, and stays", async () => {
  const first = await (await put("cheese\nmilk")).json();
  expect(await (await put("cheese\r\nmilk\r\n")).json()).toEqual(first);
  expect(await (await put("cheese\nmilk")).json()).toEqual(first);
  expect(await filtered("milk")).toBe("***");
});

test("[X-33] lists uploaded at once: one of them counts, whole", async () => {
  await Promise.all(["cheese", "milk", "ham", "egg"].map((word) => put(word)));
  expect((await filtered("cheese, milk, ham, egg")).match(/\*\*\*/g)).toHaveLength(1);
});

test("[X-33] without a list nothing is filtered", async () => {
  expect((await ask("GET")).status).toBe(404);
  await configure({ keywords: { oneToOne: true } });
  await put("cheese");
  const removed = await ask("DELETE");
  expect(removed.status).toBe(204);
  expect(await filtered("cheese")).toBe("cheese");
  expect((await ask("GET")).status).toBe(404);
  expect(await lists()).toBe(0);
  expect((await readSettings(world)).keywords).toEqual({ oneToOne: true, version: null });
  expect((await ask("DELETE")).status).toBe(204);
});

test("[X-33] 10,000 words of 64 characters that JSON has to escape are stored", async () => {
  const words = Array.from({ length: 10_000 }, (_, index) => `${index}`.padStart(64, '"\\'));
  const response = await put(words.join("\n"));
  expect(await response.json()).toMatchObject({ words: 10_000 });
  expect(await filtered(`x${words.at(-1)}x`)).toBe("x***x");
});

describe("[X-33] a list is refused with 400 and code 105, and the one before stays,", () => {
  test.each([
    ["when it is empty", "", /must have a word/],
    ["when it is not UTF-8", new Uint8Array([0xff, 0xfe, 0x63, 0x00]), /UTF-8/],
    ["when a word is too long", `milk\n${"x".repeat(65)}`, /line 2: must be at most 64 characters/],
    ["when it has too many words", Array.from({ length: 10_001 }, (_, n) => n).join("\n"), /10000 words/],
  ])("%s", async (_, body, error) => {
    await put("cheese");
    const response = await put(body);
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({ code: 105, error: expect.stringMatching(error) });
    expect(await filtered("milk and cheese")).toBe("milk and ***");
  });

  test("when it is over 1 MB, with 413, announced or not", async () => {
    await put("cheese");
    const announced = "milk\n".repeat(210_000);
    const streamed = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new TextEncoder().encode("milk\n".repeat(10_000))),
    });
    for (const body of [announced, streamed]) {
      const response = await put(body);
      expect(response.status).toBe(413);
      const error = "The body is too large: at most 1048576 bytes.";
      expect(await response.json()).toEqual({ code: 413, error });
    }
    expect(await filtered("milk and cheese")).toBe("milk and ***");
  });
});
