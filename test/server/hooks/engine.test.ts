import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { eventCall } from "../../../src/hooks/app-server/hook-call.ts";
import { ALLOWED } from "../../../src/hooks/before/hook-question.ts";
import type { Json, JsonObject } from "../../../src/model/json.ts";
import { hooksWith, serverWith, settingsWith } from "../../support/app-hooks.ts";
import { arriving, editing, saying, starting, unseen } from "../../support/hook-examples.ts";
import { type EngineProcess, startEngine } from "./engine-process.ts";

let engine: EngineProcess;
beforeAll(async () => {
  engine = await startEngine();
});
afterAll(() => engine.stop());

beforeEach(() => {
  vi.spyOn(console, "warn").mockImplementation(() => {});
});
afterEach(() => {
  vi.restoreAllMocks();
});

const bytes = (text: string) => new TextEncoder().encode(text);

function hooks(more: JsonObject = {}) {
  return hooksWith({ hooks: { url: engine.url, key: "demo-hook-key", timeoutMs: 10_000, ...more } });
}

const unchanged = { allowed: true, content: undefined, reason: undefined, to: undefined };
const failing = { allowed: false, appCode: undefined, appMessage: "The app's hook failed." };

describe("[H-01] an unmodified LeanEngine, before a message is delivered", () => {
  test("an unmodified LeanEngine lets a message pass by returning nothing", async () => {
    expect(await hooks().aboutMessage(saying("hello"))).toEqual(unchanged);
  });

  test("an unmodified LeanEngine drops a message with a code and a detail of its own", async () => {
    const verdict = { allowed: false, appCode: 4242, appMessage: "not here" };
    expect(await hooks().aboutMessage(saying("secret"))).toEqual(verdict);
  });

  test("[M-18] an unmodified LeanEngine rewrites a text and states the reason", async () => {
    const reason = { code: 7, detail: "watch your language" };
    expect(await hooks().aboutMessage(saying("rude"))).toEqual({ ...unchanged, content: "polite", reason });
  });

  test("[B-14] an unmodified LeanEngine rewrites binary content, which it receives in Base64", async () => {
    const verdict = await hooks().aboutMessage(saying(bytes("picture")));
    expect(verdict).toEqual({ ...unchanged, content: bytes("thumbnail") });
  });

  test("an unmodified LeanEngine replaces a text with bytes", async () => {
    const verdict = await hooks().aboutMessage(saying("as bytes"));
    expect(verdict).toEqual({ ...unchanged, content: bytes("bytes") });
  });

  test("an unmodified LeanEngine chooses among the recipients of a message and cannot add one", async () => {
    expect(await hooks().aboutMessage(saying("for Jerry"))).toEqual({ ...unchanged, to: ["Jerry"] });
  });

  test("an unmodified LeanEngine that returns its parameters changes nothing", async () => {
    expect(await hooks().aboutMessage(saying("echo"))).toEqual(unchanged);
  });

  test("an unmodified LeanEngine receives the documented fields and the device's address", async () => {
    const verdict = await hooks({ legacySign: false }).aboutMessage(saying("what do you see?"));
    const seen: Json = "content" in verdict ? JSON.parse(String(verdict.content)) : null;
    expect(seen).toEqual({
      fromPeer: "Tom",
      convId: "65537a0e0000000000000001",
      toPeers: ["Jerry", "Spike"],
      content: "what do you see?",
      bin: false,
      transient: false,
      receipt: true,
      system: null,
      groupId: null,
      timestamp: Date.UTC(2026, 10, 25, 12),
      sourceIP: "203.0.113.7",
      address: "203.0.113.7",
    });
  });

  test("an unmodified LeanEngine receives an IPv6 address of a device", async () => {
    const question = { ...saying("what do you see?"), address: "2001:db8::7" };
    const verdict = await hooks().aboutMessage(question);
    expect("content" in verdict && verdict.content).toContain('"address":"2001:db8::7"');
  });
});

describe("an unmodified LeanEngine, about everything else", () => {
  test("[H-04] an unmodified LeanEngine rewrites an edit", async () => {
    const content = "cheese, says Tom";
    expect(await hooks().aboutMessage(editing("cheese"))).toEqual({ ...unchanged, content });
  });

  test("[H-05] an unmodified LeanEngine refuses a new conversation or allows it", async () => {
    const verdict = { allowed: false, appCode: 9, appMessage: "not for Tom,Jerry" };
    expect(await hooks().aboutConversation(starting({ name: "forbidden" }))).toEqual(verdict);
    expect(await hooks().aboutConversation(starting({ name: "cheese" }))).toEqual(ALLOWED);
  });

  test("[H-08] an unmodified LeanEngine replaces the attributes of a change, or its muting, and nothing else", async () => {
    const change = { name: "conversationUpdate" as const, conversationId: "c", by: "Tom" };
    const attributes = { name: "better" };
    expect(await hooks().aboutConversation({ ...change, attributes: { name: "good" } })).toEqual({
      allowed: true,
      instead: { attributes },
    });
    expect(await hooks().aboutConversation({ ...change, mute: true })).toEqual({
      allowed: true,
      instead: { mute: false },
    });
  });

  test("[H-10] an unmodified LeanEngine names the client of a session token, or refuses it", async () => {
    expect(await hooks().aboutSignIn("token-of-Tom")).toEqual({ allowed: true, clientId: "Tom" });
    const error = "who are you?";
    expect(await hooks().aboutSignIn("token-of-Butch")).toEqual({ allowed: false, error });
  });

  test("[H-03] an unmodified LeanEngine decides about pushes to members who are offline", async () => {
    expect(await hooks().aboutOffline(unseen("hush"))).toEqual({ skip: true });
    expect(await hooks().aboutOffline(unseen("wake Jerry"))).toEqual({
      skip: false,
      offline: ["Jerry"],
      pushMessage: '{"alert":"!"}',
      force: true,
    });
    expect(await hooks().aboutOffline(unseen("hello"))).toEqual({
      skip: false,
      offline: ["Jerry", "Spike"],
      force: false,
      pushMessage: '{"alert":"Jerry from Tom"}',
    });
  });

  test("[H-09] an unmodified LeanEngine is called when a client comes online", async () => {
    const settings = settingsWith({ hooks: { url: engine.url, key: "demo-hook-key", legacySign: false } });
    const answer = await serverWith(settings).callEngine(eventCall(arriving("event-1")));
    expect(answer).toEqual({ outcome: "answered", result: undefined });
    const params = { peerId: "Tom", sourceIP: "203.0.113.7", tag: "Mobile", reconnect: 0 };
    await expect.poll(() => engine.printed).toEqual([`online ${JSON.stringify(params)}`]);
  });

  test("[H-13] hooks that an unmodified LeanEngine does not list cost no request", async () => {
    const asked: string[] = [];
    const counting = hooksWith(
      { hooks: { url: `${engine.url}/`, key: "demo-hook-key", timeoutMs: 10_000 } },
      {
        fetch: (url, init) => {
          asked.push(new URL(url).pathname);
          return fetch(url, init);
        },
      },
    );
    const joining = { name: "conversationAdd" as const, conversationId: "c", by: "Tom", members: ["Tom"] };
    expect(await counting.aboutConversation(joining)).toEqual(ALLOWED);
    expect(await counting.aboutConversation(joining)).toEqual(ALLOWED);
    await counting.aboutMessage(saying("hello"));
    expect(asked).toEqual(["/1.1/functions/_ops/metadatas", "/1.1/functions/_messageReceived"]);
  });

  test("an unmodified LeanEngine receives the signature for other engines as one more field", async () => {
    const verdict = await hooks().aboutMessage(saying("what do you see?"));
    expect("content" in verdict && verdict.content).toMatch(/"__sign":"\d+,[\da-f]{40}"/);
  });
});

describe("[H-11] a hook that fails", () => {
  test.each([
    ["throws the engine's own error", "throw", {}],
    ["has a bug", "crash", {}],
    ["takes too long", "slow", { timeoutMs: 500 }],
    ["does not know us", "hello", { key: "another-key" }],
  ])(
    "[H-11] a hook that %s changes nothing, or refuses if the owner wants that",
    async (_, content, more) => {
      expect(await hooks(more).aboutMessage(saying(content))).toEqual(ALLOWED);
      const strict = hooks({ ...more, onFailure: "refuse" });
      expect(await strict.aboutMessage(saying(content))).toEqual(failing);
    },
  );

  test("[H-11] a hook that is slow delays no other call", async () => {
    const impatient = hooks({ timeoutMs: 2_000, onFailure: "refuse" });
    const slow = impatient.aboutMessage(saying("slow"));
    expect(await impatient.aboutMessage(saying("secret"))).toMatchObject({ appCode: 4242 });
    expect(await slow).toEqual(failing);
    expect(await impatient.aboutMessage(saying("secret"))).toMatchObject({ appCode: 4242 });
  });

  test("[H-11] an engine that is down changes nothing, or refuses if the owner wants that", async () => {
    const gone = await startEngine();
    await gone.stop();
    expect(await hooks({ url: gone.url }).aboutMessage(saying("secret"))).toEqual(ALLOWED);
    const strict = hooks({ url: gone.url, onFailure: "refuse" });
    expect(await strict.aboutMessage(saying("secret"))).toEqual(failing);
    expect(await strict.aboutConversation(starting())).toEqual(failing);
    expect(await strict.aboutSignIn("token-of-Tom")).toMatchObject({ allowed: false });
    expect(await strict.aboutOffline(unseen("hush"))).toMatchObject({ skip: false });
  });
});
