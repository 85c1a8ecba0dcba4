import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { freePort } from "../support/free-port.ts";
import { type Server, startServer } from "../support/server.ts";
import { sdk5 } from "./sdk/sdk.ts";
import { useTestApp } from "./sdk/test-app.ts";
import { eventually } from "./sdk/waiting.ts";
import { callsOf, type Page, ProgramFolder, readPages, sampleOf } from "./support/documents.ts";

/* The documents do what they say: their calls are made, their programs run. */

const HERE = "http://127.0.0.1:8787";

const pages = await readPages();
const callingPages = pages.filter((page) => callsOf(page) !== "");

let programs: ProgramFolder;
beforeAll(async () => {
  programs = await ProgramFolder.withPackages();
});
afterAll(() => programs.clear());

describe("the documents' calls", { tags: ["bash", "curl"] }, () => {
  test.each(callingPages)("every curl of $name succeeds, typed from top to bottom", async (page) => {
    const server = await startServer();
    try {
      await programs.shell(callsOf(page).replaceAll(HERE, server.url));
    } finally {
      await server.stop();
    }
  });

  test("the documents with calls are found", () => {
    expect(callingPages.map(({ name }) => name)).toEqual(
      expect.arrayContaining(["README.md", "docs/settings.md", "docs/security.md", "docs/hooks.md"]),
    );
  });
});

describe("the documents' programs for signatures", () => {
  const app = useTestApp();

  /** A page's calls with this app's address and keys. */
  const callsFor = (page: Page) =>
    callsOf(page)
      .replaceAll(HERE, app().url)
      .replaceAll("parley-dev-master", app().masterKey)
      .replaceAll("parley-dev", app().keys.appId);

  test("[X-01] the JavaScript SDK logs in with the signatures and tokens of docs/security.md", {
    tags: ["bash", "curl"],
  }, async () => {
    const page = named("docs/security.md");
    await programs.shell(callsFor(page));
    await app().configure({ security: { signLogin: true } });
    const keys = { APP_ID: app().keys.appId, MASTER_KEY: app().masterKey };
    const given = Object.entries(keys).map(([name, value]) => `const ${name} = ${JSON.stringify(value)};`);
    const id = app().named("Tom");

    const signing = `${sampleOf(page, "js", "createHmac")}\nconsole.log(JSON.stringify(signLogin("${id}")));`;
    const signature = JSON.parse(await programs.node("sign.mjs", `${given.join("\n")}\n${signing}`));
    await app().logIn(sdk5, id, { signatureFactory: async () => signature });

    // Its last statement is the value that the signature factory returns.
    const issuing = sampleOf(page, "js", "SignJWT").replace(
      /^\((\{.*\})\);$/m,
      "console.log(JSON.stringify($1));",
    );
    const token = JSON.parse(await programs.node("token.mjs", issuing));
    await app().logIn(sdk5, "Tom", { signatureFactory: async () => token });

    await expect(app().logIn(sdk5, id)).rejects.toMatchObject({ code: 4102 });
    await app().configure({ security: null });
  });
});

describe("the documents' programs, from an empty folder", { tags: "bash" }, () => {
  let server: Server;
  beforeAll(async () => {
    server = await startServer();
  });
  afterAll(() => server?.stop());

  let empty: ProgramFolder;
  beforeEach(async () => {
    empty = await ProgramFolder.empty();
  });
  afterEach(() => empty.clear());

  /** The text as printed, with the address of this test's server. */
  const here = (text: string) => text.replaceAll("127.0.0.1:8787", new URL(server.url).host);

  test.each([
    ["JavaScript 5", "leancloud-realtime@5", "tom5.cjs"],
    ["JavaScript 4", "leancloud-realtime@4", "tom4.cjs"],
  ])("[C-01] the program for %s in README.md runs as printed", async (_, installed, program) => {
    const page = named("README.md");
    await empty.shell(sampleOf(page, "sh", installed));
    await empty.put(program, here(sampleOf(page, "js", program)));
    expect(await empty.shell(`node ${program}`)).toMatch(/^sent \S+\n$/);
  });

  test("[H-01] the LeanEngine project in docs/hooks.md runs as printed", { tags: "curl" }, async () => {
    const page = named("docs/hooks.md");
    const port = `${await freePort()}`;
    await empty.shell(sampleOf(page, "sh", "npm install leanengine"));
    await empty.put("server.cjs", here(sampleOf(page, "js", "leanengine")).replaceAll("3000", port));
    const stop = empty.start(sampleOf(page, "sh", "node server.cjs"));
    try {
      const ping = () =>
        fetch(`http://127.0.0.1:${port}/__engine/1/ping`).then(
          ({ ok }) => ok,
          () => false,
        );
      await eventually(ping, (ok) => ok);
      await empty.shell(here(sampleOf(page, "sh", '"hooks"')).replaceAll("3000", port));
      const sdk = sdk5.load();
      const app = { appId: "parley-dev", appKey: "parley-dev-key", server: server.url };
      const tom = await new sdk.Realtime(app).createIMClient("Tom");
      const chat = await tom.createConversation({ members: ["Jerry"], unique: false });
      const advert = chat.send(new sdk.TextMessage("come to my casino"));
      await expect(advert).rejects.toMatchObject({ code: 4402, appCode: 7 });
      await chat.send(new sdk.TextMessage("come to my house"));
      await tom.close();
    } finally {
      await stop();
    }
  });
});

function named(name: string): Page {
  const page = pages.find((page) => page.name === name);
  if (page === undefined) throw new Error(`there is no ${name}`);
  return page;
}
