import { env } from "cloudflare:workers";
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

test.each([{}, appKeys])("the word list needs the master key, not %j", async (headers) => {
  for (const [method, body] of [["GET"], ["PUT", "cheese"], ["DELETE"]] as const) {
    expect((await ask(method, body, { ...headers })).status).toBe(401);
  }
  expect(await lists()).toBe(0);
});

test("[X-33] an uploaded word list applies from then on, and can be read back", async () => {
  const response = await put("\uFEFFcheese\r\nBlue Cheese\r\n\r\ncheese\r\n奶酪");
  expect(response.status).toBe(200);
  const { keywords } = await readSettings(world);
  expect(await response.json()).toEqual({ version: keywords.version, words: 3 });
  expect(await filtered("BLUE CHEESE, 奶酪 and milk")).toBe("***, *** and milk");
  const list = await ask("GET");
  expect(list.headers.get("Content-Type")).toBe("text/plain; charset=UTF-8");
  expect(await list.text()).toBe("cheese\nBlue Cheese\n奶酪\n");
});

test("[X-33] a word list replaces the one before, which is kept for isolates that still use it, and no older one is", async () => {
  const versions: string[] = [];
  for (const word of ["cheese", "milk", "ham"]) {
    const { version }: { version: string } = await (await put(word)).json();
    versions.push(version);
  }
  expect(await filtered("cheese, milk, ham")).toBe("cheese, milk, ***");
  expect(await lists()).toBe(2);
  const late = keywordFilterOf({ DB: Object.create(env.DB) });
  expect((await late.get(versions[1] ?? null))?.mask("cheese, milk, ham")).toBe("cheese, ***, ham");
});

test("[X-33] the same word list again is the same version", async () => {
  const first = await (await put("cheese\nmilk")).json();
  expect(await (await put("cheese\r\nmilk\r\n")).json()).toEqual(first);
  expect(await (await put("cheese\nmilk")).json()).toEqual(first);
  expect(await filtered("milk")).toBe("***");
});

test("[X-33] of word lists uploaded at once, one applies as a whole", async () => {
  await Promise.all(["cheese", "milk", "ham", "egg"].map((word) => put(word)));
  expect((await filtered("cheese, milk, ham, egg")).match(/\*\*\*/g)).toHaveLength(1);
});

test("[X-33] without a word list nothing is filtered", async () => {
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

test("[X-33] a word list of 10,000 words of 64 characters that JSON has to escape is stored", async () => {
  const words = Array.from({ length: 10_000 }, (_, index) => `${index}`.padStart(64, '"\\'));
  const response = await put(words.join("\n"));
  expect(await response.json()).toMatchObject({ words: 10_000 });
  expect(await filtered(`x${words.at(-1)}x`)).toBe("x***x");
});

describe("[X-33] word lists that are refused", () => {
  test.each([
    ["without a word", "", /must have a word/],
    ["that is not UTF-8", new Uint8Array([0xff, 0xfe, 0x63, 0x00]), /UTF-8/],
    ["with a word too long", `milk\n${"x".repeat(65)}`, /line 2: must be at most 64 characters/],
    ["with too many words", Array.from({ length: 10_001 }, (_, n) => n).join("\n"), /10000 words/],
  ])(
    "[X-33] a word list %s is refused with 400 and 105, and the one before stays",
    async (_, body, error) => {
      await put("cheese");
      const response = await put(body);
      expect(response.status).toBe(400);
      expect(await response.json()).toEqual({ code: 105, error: expect.stringMatching(error) });
      expect(await filtered("milk and cheese")).toBe("milk and ***");
    },
  );

  test("[X-33] a word list over 1 MB is refused with 413, with or without a content-length", async () => {
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

describe("[X-33] If-Match of the word list", () => {
  const change = (method: string, tag: string, body?: string) =>
    ask(method, body, { ...masterKeys, "If-Match": tag });
  const tagOf = (response: Response) => response.headers.get("ETag") ?? "";

  test("[X-33] a list that somebody else changed meanwhile is neither replaced nor removed", async () => {
    await put("cheese");
    const mine = tagOf(await ask("GET"));
    const theirs = tagOf(await change("PUT", mine, "ham"));
    expect(theirs).not.toBe(mine);
    for (const response of [await change("PUT", mine, "milk"), await change("DELETE", mine)]) {
      expect([response.status, tagOf(response)]).toEqual([412, theirs]);
      expect(await response.json()).toMatchObject({ code: 412 });
    }
    expect(await filtered("cheese, milk, ham")).toBe("cheese, milk, ***");
    expect((await change("PUT", `W/${theirs}`, "milk")).status).toBe(200);
    expect((await change("DELETE", "*")).status).toBe(204);
    expect(await filtered("cheese, milk, ham")).toBe("cheese, milk, ham");
  });

  test("[X-33] two owners who both make the first list do not overwrite each other", async () => {
    const none = tagOf(await ask("GET"));
    expect(none).toBe('"none"');
    const made = await Promise.all(["cheese", "ham"].map((words) => change("PUT", none, words)));
    expect(made.map(({ status }) => status).toSorted()).toEqual([200, 412]);
  });
});
