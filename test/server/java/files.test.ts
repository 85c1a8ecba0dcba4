/** @module-tag java */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import AV from "leancloud-storage";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fileIn, fileMessagesOf } from "../sdk/file-messages.ts";
import { sdk5 } from "../sdk/sdk.ts";
import { useTestApp } from "../sdk/test-app.ts";
import { next } from "../sdk/waiting.ts";
import { buildPhone, Phone } from "./phone.ts";

/* Files of the official Java SDK: it saves each by itself before it sends, and asks the server what the file is. */

const app = useTestApp();
let phone: Phone;

beforeAll(async () => {
  await buildPhone();
  phone = await Phone.start({ url: app().url, ...app().keys });
  AV.init({ ...app().keys, masterKey: app().masterKey, serverURL: app().url });
}, 400_000);
afterAll(() => phone?.kill());

const media = (name: string) => readFileSync(join(import.meta.dirname, "../../fixtures/media", name));

async function bytesAt(url: string): Promise<Buffer> {
  return Buffer.from(await (await fetch(url)).arrayBuffer());
}

/** Tom with the Java SDK, Jerry with the JavaScript SDK. */
async function tomAndJerry() {
  const tom = await phone.logIn(app().named("Tom"));
  const jerry = await app().logIn(sdk5, app().named("Jerry"));
  const Messages = fileMessagesOf(jerry, AV);
  const invited = next(jerry.client, "invited");
  const { conversation } = await tom.ask("create", { members: [jerry.id] });
  const [, view] = await invited;
  return { tom, jerry, conversation, view, Messages };
}

const kinds: [kind: string, type: number, name: string, meta: object][] = [
  ["image", -2, "still.png", { format: "png", width: 37, height: 21 }],
  ["image", -2, "still.jpg", { format: "jpeg", width: 37, height: 21 }],
  ["audio", -3, "tone.m4a", { format: "mov,mp4,m4a,3gp,3g2,mj2", duration: 1.25 }],
  ["video", -4, "film.mp4", { format: "mov,mp4,m4a,3gp,3g2,mj2", duration: 1.25 }],
  ["file", -6, "still.bmp", {}],
];

describe("files of the Java SDK 6.0.5", () => {
  test.each(kinds)(
    "[B-15] [T-02] the Java SDK sends an %s of bytes (%i, %s), and knows what the server found out about it",
    async (kind, type, name, meta) => {
      const { tom, jerry, conversation } = await tomAndJerry();
      const bytes = media(name);
      const heard = next(jerry.client, "message");
      const file = { kind, name, bytes: bytes.toString("base64") };
      const sent = await tom.ask("send", { conversation, file });
      expect(sent.file?.meta).toMatchObject({ ...meta, size: bytes.length });
      const [message] = await heard;
      expect(message).toMatchObject({ type });
      const there = fileIn(message);
      expect([there.id, there.url()]).toEqual([sent.file?.id, sent.file?.url]);
      expect(there.metaData()).toMatchObject({ ...meta, size: bytes.length });
      expect(await bytesAt(there.url())).toEqual(bytes);
    },
  );

  // Of pictures and sound on the phone only Android's own part of the SDK knows the size.
  test("[B-15] the Java SDK sends a file on the phone", async () => {
    const { tom, jerry, conversation } = await tomAndJerry();
    const heard = next(jerry.client, "message");
    const file = {
      kind: "file",
      name: "still.jpg",
      local: true,
      bytes: media("still.jpg").toString("base64"),
    };
    await tom.ask("send", { conversation, file });
    expect(await bytesAt(fileIn((await heard)[0]).url())).toEqual(media("still.jpg"));
  });

  test("[B-15] what is sent as sound and as an image but is neither is sent all the same", async () => {
    const { tom, jerry, conversation } = await tomAndJerry();
    for (const kind of ["audio", "video", "image"]) {
      const heard = next(jerry.client, "message");
      const file = { kind, name: "cheese.txt", bytes: Buffer.from("cheese").toString("base64") };
      await tom.ask("send", { conversation, file });
      expect((await bytesAt(fileIn((await heard)[0]).url())).toString()).toBe("cheese");
    }
  });

  test("[B-15] the Java SDK sends an image at another address", async () => {
    const { tom, jerry, conversation } = await tomAndJerry();
    const heard = next(jerry.client, "message");
    const url = "https://elsewhere.example.com/cat.png";
    await tom.ask("send", { conversation, file: { kind: "image", name: "cat.png", url } });
    const there = fileIn((await heard)[0]);
    expect([there.url(), there.id]).toEqual([url, expect.stringMatching(/^[0-9a-f]{24}$/)]);
  });

  test("[B-15] the Java SDK receives what the JavaScript SDK sends", async () => {
    const { tom, view, Messages } = await tomAndJerry();
    const file = await new AV.File("cat.png", media("still.png"), "image/png").save();
    await view.send(new Messages.ImageMessage(file));
    const { file: there } = await tom.next("message", (heard) => heard.file !== undefined);
    expect(there).toMatchObject({ kind: "AVIMImageMessage", id: file.id, url: file.url() });
  });
});
