/** @module-tag chromium */
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import AV from "leancloud-storage";
import type { Browser, Page as Tab } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { launchBrowser } from "../../support/browser.ts";
import { fileIn, fileMessagesOf } from "./file-messages.ts";
import { sdks } from "./sdk.ts";
import { useTestApp } from "./test-app.ts";
import { eventually, next } from "./waiting.ts";

type InPage = typeof import("./page.ts");
type Call = <Name extends keyof InPage>(
  name: Name,
  ...args: Parameters<InPage[Name]>
) => Promise<Awaited<ReturnType<InPage[Name]>>>;

const app = useTestApp();

describe("realtime in Chromium", () => {
  let browser: Browser;
  let script: string;
  /** An origin of its own, as a web app has. */
  const web = createServer((_, response) =>
    response.setHeader("Content-Type", "text/html").end("<!doctype html>"),
  );
  let origin: string;

  beforeAll(async () => {
    const bundle = await build({
      entryPoints: [fileURLToPath(new URL("./page.ts", import.meta.url))],
      bundle: true,
      write: false,
      platform: "browser",
      format: "iife",
      globalName: "inPage",
    });
    script = bundle.outputFiles[0]?.text ?? "";
    await new Promise<void>((resolve) => web.listen(0, "localhost", resolve));
    const address = web.address();
    if (address === null || typeof address === "string") throw new Error("the web server has no port");
    origin = `http://localhost:${address.port}`;
    browser = await launchBrowser();
  });

  afterAll(async () => {
    await browser?.close();
    await new Promise((resolve) => web.close(resolve));
  });

  async function openTab(): Promise<{ tab: Tab; call: Call }> {
    const tab = await browser.newPage();
    await tab.goto(origin);
    await tab.addScriptTag({ content: script });
    return { tab, call: (name, ...args) => tab.evaluate(`inPage.${name}(...${JSON.stringify(args)})`) };
  }

  for (const noBinary of [false, true]) {
    test.each(sdks)(
      `[C-02] [B-09] [B-24] a page talks with SDK $version in Node${noBinary ? ", noBinary" : ""}`,
      async (sdk) => {
        const jerry = await app().logIn(sdk, app().named("Jerry"));
        const { tab, call } = await openTab();
        const tom = app().named("Tom");
        const options = { ...app().keys, server: app().url, noBinary };
        expect(await call("logIn", tom, options)).toBe(tom);

        const invited = next(jerry.client, "invited");
        const chat = await call("create", [jerry.id], "from a page");
        const [invitation, view] = await invited;
        expect(invitation).toEqual({ invitedBy: tom });
        expect(view).toMatchObject({ id: chat, name: "from a page" });

        const text = next(jerry.client, "message");
        const sentText = await call("sendText", chat, "héllo 猫");
        expect((await text)[0]).toMatchObject({ id: sentText.id, text: "héllo 猫" });
        const binary = next(jerry.client, "message");
        const sentBytes = await call("sendBytes", chat, [0, 127, 128, 255]);
        expect((await binary)[0]).toMatchObject({ id: sentBytes.id });

        const answers = [
          await view.send(new jerry.sdk.TextMessage("good to see you")),
          await view.send(new jerry.sdk.BinaryMessage(Uint8Array.of(255, 0, 1).buffer)),
        ];
        const heard = await eventually(
          () => call("messages"),
          (messages) => messages.length === 2,
        );
        expect(heard).toMatchObject([
          { id: answers[0]?.id, from: jerry.id, text: "good to see you" },
          { id: answers[1]?.id, from: jerry.id, bytes: [255, 0, 1] },
        ]);
        expect(await call("history", chat)).toEqual([sentText, sentBytes, ...heard]);

        await call("logOut");
        expect(await jerry.client.ping([tom])).toEqual([]);
        await tab.close();
      },
    );
  }

  test.each(sdks)(
    "[B-15] [T-02] a page sends a picture to SDK $version and shows the one that it gets",
    async (sdk) => {
      AV.init({ ...app().keys, serverURL: app().url });
      const jerry = await app().logIn(sdk, app().named("Jerry"));
      const Messages = fileMessagesOf(jerry, AV);
      const { tab, call } = await openTab();
      const tom = await call("logIn", app().named("Tom"), {
        ...app().keys,
        server: app().url,
        noBinary: false,
      });
      const invited = next(jerry.client, "invited");
      const chat = await call("create", [jerry.id], "pictures");
      const [, view] = await invited;

      const heard = next(jerry.client, "message");
      const bytes = [...media("still.png")];
      const options = { ...app().keys, server: app().url };
      const url = await call("sendImage", chat, options, { name: "猫 1.png", type: "image/png", bytes });
      const [message] = await heard;
      expect([message.from, fileIn(message).url()]).toEqual([tom, url]);
      expect([...new Uint8Array(await (await fetch(url)).arrayBuffer())]).toEqual(bytes);

      await view.send(
        new Messages.ImageMessage(await new AV.File("still.webp", media("lossy.webp"), "image/webp").save()),
      );
      const [shown = ""] = await eventually(
        () => call("images"),
        (images) => images.length === 1,
      );
      expect(await sizeOfImage(tab, shown)).toEqual([37, 21]);
      expect(await call("readPart", shown, "bytes=4-7")).toEqual({
        status: 206,
        range: `bytes 4-7/${media("lossy.webp").length}`,
        bytes: [...media("lossy.webp").subarray(4, 8)],
      });
      await call("logOut");
      await tab.close();
    },
  );

  test("[B-15] a browser that opens a file shows pictures, and runs nothing of pages and drawings", async () => {
    AV.init({ ...app().keys, serverURL: app().url });
    const script = "<script>document.title = 'ran'; fetch('/ran')</script>";
    const picture = await new AV.File("cat.png", media("still.png"), "image/png").save();
    const tab = await browser.newPage();
    await tab.goto(picture.url());
    expect(await tab.evaluate("[document.images[0].naturalWidth, document.images[0].naturalHeight]")).toEqual(
      [37, 21],
    );
    for (const [name, type, content] of [
      ["page.html", "text/html", script],
      ["page.xhtml", "application/xhtml+xml", `<html xmlns="http://www.w3.org/1999/xhtml">${script}</html>`],
      ["drawing.svg", "image/svg+xml", `<svg xmlns="http://www.w3.org/2000/svg">${script}</svg>`],
      ["page.png", "image/png", script],
      ["page", "text/html; charset=utf-8", script],
    ] as const) {
      const file = await new AV.File(name, Buffer.from(content), type).save();
      // A download, or a picture that is none.
      const opened = await tab.goto(file.url()).catch((error: unknown) => String(error));
      if (typeof opened === "string") expect(opened).toMatch(/Download is starting|ERR_ABORTED/);
      expect(await tab.title()).not.toBe("ran");
    }
    await tab.close();
  });
});

const media = (name: string) => readFileSync(new URL(`../../fixtures/media/${name}`, import.meta.url));

/** The width and height of a picture of another origin that a page shows. */
function sizeOfImage(tab: Tab, url: string): Promise<unknown> {
  return tab.evaluate(`new Promise((resolve, reject) => {
    const image = new Image();
    image.onload = () => resolve([image.naturalWidth, image.naturalHeight]);
    image.onerror = () => reject(new Error("not shown"));
    image.src = ${JSON.stringify(url)};
  })`);
}
