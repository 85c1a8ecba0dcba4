import { createPublicKey, generateKeyPairSync } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Settings } from "../../../src/settings/schema.ts";
import { type Server, startServer } from "../../support/server.ts";
import { runPush } from "./run-push.ts";

const KEYS = { APP_ID: "cheese", APP_KEY: "cheese-key", MASTER_KEY: "cheese-master" };

let server: Server;
let folder: string;

const ec = () => generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
const rsa = () => generateKeyPairSync("rsa", { modulusLength: 2_048 }).privateKey;
const pem = (key: ReturnType<typeof ec>, type: "pkcs8" | "sec1" = "pkcs8") =>
  String(key.export({ type, format: "pem" }));

beforeAll(async () => {
  server = await startServer({ env: KEYS });
  folder = await mkdtemp(join(tmpdir(), "parley-keys-"));
});
beforeEach(() => settings("PATCH", { push: null }));
afterAll(async () => {
  await server?.kill();
  await rm(folder, { recursive: true, force: true });
});

async function settings(method = "GET", body?: object): Promise<Settings["push"]> {
  const headers = { "X-LC-Id": KEYS.APP_ID, "X-LC-Key": `${KEYS.MASTER_KEY},master` };
  const init = { method, headers, body: body && JSON.stringify(body) };
  const answer: Settings = await (await fetch(`${server.url}/admin/settings`, init)).json();
  return answer.push;
}

/** Writes a file into the folder from which the command is called, and returns its name. */
async function file(name: string, content: string): Promise<string> {
  await writeFile(join(folder, name), content);
  return name;
}

const run = (args: string[], env: Record<string, string> = KEYS) => runPush(args, env, folder);

const push = (...args: string[]) => run([...args, "--server", server.url]);

describe("npm run push -- apns", () => {
  const apns = (key: string, ...more: string[]) =>
    push("apns", "--key", key, "--team", "DEF7654321", "--topic", "com.example.app", ...more);

  test("[P-16] npm run push -- apns stores a key under the id in its file's name", async () => {
    const text = pem(ec());
    const { code, output } = await apns(await file("AuthKey_ABC1234567.p8", text));
    expect([code, output]).toEqual([0, "Stored key ABC1234567 of team DEF7654321, for com.example.app.\n"]);
    const key = { teamId: "DEF7654321", keyId: "ABC1234567", topics: ["com.example.app"] };
    expect((await settings()).apns.keys).toEqual([{ ...key, privateKey: "***" }]);
  });

  test("[P-16] npm run push -- apns adds a key, or replaces the one with its id", async () => {
    await apns(await file("AuthKey_ONE.p8", pem(ec())));
    await apns(await file("mine.pem", pem(ec(), "sec1")), "--key-id", "TWO");
    await apns("AuthKey_ONE.p8", "--topic", "com.example.other");
    expect((await settings()).apns.keys).toMatchObject([
      { keyId: "ONE", topics: ["com.example.app", "com.example.other"] },
      { keyId: "TWO", topics: ["com.example.app"] },
    ]);
  });

  test.each<[string, () => string]>([
    ["on another curve", () => pem(generateKeyPairSync("ec", { namedCurve: "P-384" }).privateKey)],
    ["of another kind", () => pem(rsa())],
    ["that is public", () => String(createPublicKey(ec()).export({ type: "spki", format: "pem" }))],
    ["that is none", () => "cheese"],
  ])("npm run push -- apns refuses a key %s without printing it", async (_, text) => {
    const { code, output } = await apns(await file("AuthKey_BAD.p8", text()));
    const sentence = "AuthKey_BAD.p8 is not a key for APNs: that is a private key on the curve P-256.\n";
    expect([code, output]).toEqual([1, sentence]);
    expect((await settings()).apns.keys).toEqual([]);
  });
});

describe("npm run push -- fcm", () => {
  const account = (key: string) => ({
    type: "service_account",
    project_id: "cheese-shop",
    private_key_id: "1",
    client_id: "2",
    private_key: key,
    client_email: "parley@cheese-shop.iam.gserviceaccount.com",
    token_uri: "https://oauth2.googleapis.com/token",
  });
  const fcm = async (content: unknown) => {
    const text = typeof content === "string" ? content : JSON.stringify(content);
    return push("fcm", "--key", await file("account.json", text));
  };

  test("npm run push -- fcm stores the needed part of a service account", async () => {
    const { code, output } = await fcm(account(pem(rsa())));
    expect([code, output]).toEqual([
      0,
      "Stored project cheese-shop, as parley@cheese-shop.iam.gserviceaccount.com.\n",
    ]);
    expect((await settings()).fcm.serviceAccount).toEqual({
      project_id: "cheese-shop",
      client_email: "parley@cheese-shop.iam.gserviceaccount.com",
      private_key: "***",
      token_uri: "https://oauth2.googleapis.com/token",
    });
  });

  test.each<[string, () => unknown, RegExp]>([
    ["that is no JSON", () => "cheese", /it holds no JSON object\.$/],
    ["of something else", () => ({ installed: {} }), /it has no project_id\.$/],
    ["without an address", () => ({ ...account(pem(rsa())), client_email: 7 }), /it has no client_email\.$/],
    ["with another kind of key", () => account(pem(ec())), /its private_key is no RSA key\.$/],
    ["with no key", () => account("cheese"), /its private_key is no RSA key\.$/],
  ])("npm run push -- fcm refuses a file %s", async (_, content, problem) => {
    const { code, output } = await fcm(content());
    expect(code).toBe(1);
    expect(output.trim()).toMatch(/^account\.json is not a service account's key: /);
    expect(output.trim()).toMatch(problem);
    expect((await settings()).fcm.serviceAccount).toBeNull();
  });

  test("npm run push -- fcm refuses a file that does not exist", async () => {
    const { code, output } = await push("fcm", "--key", "nowhere.json");
    expect([code, output]).toEqual([1, "nowhere.json cannot be read.\n"]);
  });

  test("npm run push -- fcm prints why the server refuses an account", async () => {
    const { code, output } = await fcm({ ...account(pem(rsa())), token_uri: "http://10.0.0.1/token" });
    expect(code).toBe(1);
    expect(output).toMatch(/^The server refuses: push\.fcm\.serviceAccount\.token_uri: must be https/);
  });
});

describe("npm run push -- web", () => {
  const web = (...more: string[]) => push("web", "--subject", "mailto:tom@example.com", ...more);

  test("npm run push -- web makes a pair of keys and prints the public one", async () => {
    const { code, output } = await web();
    expect(code).toBe(0);
    const { webPush } = await settings();
    expect(webPush).toEqual({
      publicKey: expect.stringMatching(/^B[\w-]{86}$/),
      privateKey: "***",
      subject: "mailto:tom@example.com",
    });
    expect(output.split("\n").at(-2)).toBe(webPush?.publicKey);
  });

  test("npm run push -- web replaces the keys that a trial made for its page", async () => {
    const subject = "mailto:nobody@example.com";
    await push("web", "--subject", subject, "--replace");
    const trials = (await settings()).webPush;
    const { code } = await web();
    expect(code).toBe(0);
    expect((await settings()).webPush).toMatchObject({ subject: "mailto:tom@example.com" });
    expect((await settings()).webPush?.publicKey).not.toBe(trials?.publicKey);
  });

  test("npm run push -- web replaces keys only with --replace, since that ends subscriptions", async () => {
    await web();
    const before = (await settings()).webPush;
    const refused = await web();
    expect(refused.code).toBe(1);
    expect(refused.output).toMatch(/^There are keys for Web Push already .+--replace\.\n$/);
    expect((await settings()).webPush).toEqual(before);
    expect((await web("--replace")).code).toBe(0);
    const after = (await settings()).webPush;
    expect(after?.publicKey).not.toBe(before?.publicKey);
  });

  test("npm run push -- web refuses a subject that is no address", async () => {
    const { code, output } = await push("web", "--subject", "Tom");
    expect(code).toBe(1);
    expect(output).toMatch(/^The server refuses: push\.webPush\.subject: must be a mailto: or https: URL/);
  });
});

describe("npm run push -- show", () => {
  test("npm run push -- show prints what is set, without secrets", async () => {
    const none = await push("show");
    expect([none.code, none.output.match(/not set/g)]).toEqual([0, Array(11).fill("not set")]);
    await push(
      ...[
        "apns",
        "--key",
        await file("AuthKey_ONE.p8", pem(ec())),
        "--team",
        "T",
        "--topic",
        "com.example.app",
      ],
    );
    await push("web", "--subject", "mailto:tom@example.com");
    await settings("PATCH", {
      push: {
        static: { alert: "Cheese!" },
        webhook: { url: "https://push.example.com/", secret: "the secret" },
      },
    });
    const { output } = await push("show");
    expect(output.split("\n")).toEqual([
      "apns:    key ONE of team T, for com.example.app",
      ...["fcm", "hms", "honor", "mi", "oppo", "vivo", "meizu"].map(
        (name) => `${`${name}:`.padEnd(8)} not set`,
      ),
      expect.stringMatching(/^web: {5}public key B[\w-]{86}, for mailto:tom@example\.com$/),
      "webhook: https://push.example.com/",
      'static:  {"alert":"Cheese!"}',
      "",
    ]);
  });
});

describe("npm run push", () => {
  test.each<[string[]]>([
    [[]],
    [["cheese"]],
    [["toString"]],
    [["show", "more"]],
    [["show", "--cheese"]],
    [["show", "--key", "x"]],
    [["hms", "--client-id", "x"]],
    [["mi", "--app-id", "x"]],
    [["fcm"]],
    [["apns", "--key", "AuthKey_ONE.p8", "--team", "T"]],
    [["apns", "--key", "AuthKey_ONE.p8", "--topic", "com.example.app"]],
    [["apns", "--key", "mine.pem", "--team", "T", "--topic", "com.example.app"]],
    [["web"]],
    [["show", "--server", "cheese"]],
  ])("npm run push with %j exits with 2 and prints its usage", async (args) => {
    const { code, output } = await run(args);
    expect(code).toBe(2);
    expect(output).toContain("Usage: npm run push -- <command>");
  });

  test("npm run push -- --help prints its usage", async () => {
    const { code, output } = await run(["--help"]);
    expect([code, output.startsWith("Usage: npm run push")]).toEqual([0, true]);
  });

  test("npm run push reports keys that are not the server's; its default keys are those of a trial", async () => {
    const wrong = await run(["show", "--server", server.url], { ...KEYS, MASTER_KEY: "milk" });
    expect(wrong).toEqual({ code: 1, output: "The server does not take this APP_ID and MASTER_KEY.\n" });
    expect(await run(["show", "--server", server.url], {})).toEqual(wrong);
    const trial = await startServer();
    expect(await run(["show", "--server", `${trial.url}/`], {})).toMatchObject({ code: 0 });
    await trial.kill();
  });

  test("npm run push reports that no server answers", async () => {
    const { code, output } = await run(["show", "--server", "http://127.0.0.1:9"]);
    expect([code, output]).toEqual([
      1,
      "No server answers at http://127.0.0.1:9. Where another one runs, say so by --server.\n",
    ]);
  });
});
