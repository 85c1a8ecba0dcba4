import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import AV from "leancloud-storage";
import { beforeAll, describe, expect, test } from "vitest";
import { type FileMessages, fileIn, fileMessagesOf } from "./file-messages.ts";
import { miniProgram } from "./mini-program.ts";
import { sdk5, sdks } from "./sdk.ts";
import { useTestApp } from "./test-app.ts";
import { tomAndJerry } from "./tom-and-jerry.ts";
import { next } from "./waiting.ts";

/* Files as apps send them: saved with the storage SDK, named by a message of the realtime SDK, fetched by its URL. */

const app = useTestApp();
const asOwner = { useMasterKey: true };

beforeAll(() => {
  AV.init({ ...app().keys, masterKey: app().masterKey, serverURL: app().url });
});

const media = (name: string) => readFileSync(join(import.meta.dirname, "../../fixtures/media", name));

async function fetched(url: string): Promise<{ bytes: Buffer; type: string | null }> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`);
  return { bytes: Buffer.from(await response.arrayBuffer()), type: response.headers.get("Content-Type") };
}

const kinds: [keyof FileMessages & `${string}Message`, number, string, string][] = [
  ["ImageMessage", -2, "still.png", "image/png"],
  ["AudioMessage", -3, "tone.mp3", "audio/mpeg"],
  ["VideoMessage", -4, "film.mp4", "video/mp4"],
  ["FileMessage", -6, "still.bmp", "image/bmp"],
];

describe.each(sdks)("messages with files in the JavaScript SDK $version", (sdk) => {
  test.each(kinds)(
    "[B-15] [T-02] an %s of a saved file arrives, and its URL has the bytes",
    async (kind, type, name, mimeType) => {
      const { tom, jerry, chat } = await tomAndJerry(app(), sdk);
      const Messages = fileMessagesOf(tom, AV);
      fileMessagesOf(jerry, AV);
      const bytes = media(name);
      const file = await new AV.File(name, bytes, mimeType).save();
      expect(file.id).toMatch(/^[0-9a-f]{24}$/);
      const heard = next(jerry.client, "message");
      const message = new Messages[kind](file);
      message.setText("a caption").setAttributes({ by: tom.id });
      await chat.send(message);
      const [received] = await heard;
      expect(received).toMatchObject({ type, text: "a caption", attributes: { by: tom.id } });
      const there = fileIn(received);
      expect([there.id, there.url(), there.metaData("size")]).toEqual([file.id, file.url(), bytes.length]);
      expect(there.metaData("name")).toBe(name);
      expect(await fetched(there.url())).toEqual({ bytes, type: mimeType });
    },
  );

  test("[B-15] [T-02] an image at another address arrives with that address", async () => {
    const { tom, jerry, chat } = await tomAndJerry(app(), sdk);
    const Messages = fileMessagesOf(tom, AV);
    fileMessagesOf(jerry, AV);
    const url = "https://elsewhere.example.com/%E7%8C%AB.png?size=1#x";
    const file = await AV.File.withURL("猫.png", url).save();
    const heard = next(jerry.client, "message");
    await chat.send(new Messages.ImageMessage(file));
    const there = fileIn((await heard)[0]);
    expect([there.id, there.url()]).toEqual([file.id, url]);
  });
});

describe("files of the JavaScript storage SDK", () => {
  test("[B-15] a file from a stream, from Base64 and from plain bytes has the bytes that were given", async () => {
    const bytes = media("film.mov");
    const stream = new AV.File(
      "film.mov",
      Readable.from([bytes.subarray(0, 1_000), bytes.subarray(1_000)]),
      "video/quicktime",
    );
    stream.metaData("size", bytes.length);
    const files = [
      stream,
      new AV.File("film.mov", { base64: bytes.toString("base64") }, "video/quicktime"),
      new AV.File("film.mov", [...bytes], "video/quicktime"),
    ];
    for (const file of files) {
      await file.save();
      expect(await fetched(file.url())).toEqual({ bytes, type: "video/quicktime" });
    }
  });

  test("[B-15] a file keeps its name in its address if the app wants it, in any script", async () => {
    for (const name of ["cat.png", "奶酪 🧀 (1)+100%.png", "a'b\"c.png"]) {
      const file = await new AV.File(name, media("still.png"), "image/png").save({ keepFileName: true });
      expect(decodeURIComponent(file.url())).toContain(name.split('"')[0]);
      expect((await fetched(file.url())).bytes).toEqual(media("still.png"));
    }
  });

  test("[B-15] an empty file and one without an extension are saved and served", async () => {
    for (const [name, bytes] of [
      ["nothing.txt", Buffer.alloc(0)],
      ["cheese", Buffer.from("cheese")],
    ] as const) {
      const file = await new AV.File(name, bytes).save();
      expect((await fetched(file.url())).bytes).toEqual(bytes);
    }
  });

  test("[B-15] a file of 20 MB arrives whole", async () => {
    const bytes = Buffer.alloc(20 * 1024 * 1024, "cheese ");
    const file = await new AV.File("much.bin", bytes).save();
    expect((await fetched(file.url())).bytes.equals(bytes)).toBe(true);
  });

  test("[B-15] a saved file is fetched by its id, and destroyed by the app's owner, with its bytes", async () => {
    const saved = await new AV.File("cat.png", media("still.png"), "image/png").save();
    const file = await AV.File.createWithoutData(saved.id ?? "").fetch();
    expect([file.name(), file.url(), file.size()]).toEqual([
      "cat.png",
      saved.url(),
      media("still.png").length,
    ]);
    await saved.destroy(asOwner);
    expect((await fetch(saved.url())).status).toBe(404);
    await expect(AV.File.createWithoutData(saved.id ?? "").fetch()).rejects.toMatchObject({ code: 101 });
  });

  test("[B-15] the address of a thumbnail shows the picture itself", async () => {
    const file = await new AV.File("cat.png", media("still.png"), "image/png").save();
    expect((await fetched(file.thumbnailURL(100, 200))).bytes).toEqual(media("still.png"));
  });

  test("[B-15] a page that was saved as a file is downloaded, never shown", async () => {
    const file = await new AV.File("page.html", Buffer.from("<script>alert(1)</script>"), "text/html").save();
    const response = await fetch(file.url());
    expect(response.headers.get("Content-Disposition")).toMatch(/^attachment/);
    expect(response.headers.get("Content-Security-Policy")).toMatch(/sandbox/);
  });
});

describe("a mini-program", () => {
  test("[B-15] [T-02] an image that a mini-program sends, by a form, arrives with its bytes", async () => {
    const program = miniProgram();
    program.AV.init({ ...app().keys, serverURL: app().url });
    const { tom, jerry, chat } = await tomAndJerry(app(), sdk5);
    const Messages = fileMessagesOf(tom, program.AV);
    fileMessagesOf(jerry, AV);
    const blob = { uri: program.keep(media("still.jpg")) };
    const file = await new program.AV.File("cat.jpg", { blob }, "image/jpeg").save();
    expect(program.uploads).toMatchObject([{ status: 200 }]);
    const heard = next(jerry.client, "message");
    await chat.send(new Messages.ImageMessage(file));
    const there = fileIn((await heard)[0]);
    expect(there.url()).toBe(file.url());
    expect((await fetched(there.url())).bytes).toEqual(media("still.jpg"));
  });
});
