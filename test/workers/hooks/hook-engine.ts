import { afterAll, afterEach, beforeAll, beforeEach, expect, vi } from "vitest";
import { settle } from "../../support/chat.ts";
import { pairChat } from "../support/pair-chat.ts";
import { configure, openWorld, stayAwake } from "../support/world.ts";

/**
 * An engine of the app's that these tests are. How it is called is tested beside the calling (test/server/hooks); here
 * it is what becomes of messages and clients.
 */

let engine = "";

type Hook = (parameters: Record<string, unknown>) => unknown;

/** What the engine has for hooks at this moment, by name. */
export const hooks: Record<string, Hook> = {};
/** The calls of the engine so far. */
export const calls: { name: string; parameters: Record<string, unknown> }[] = [];

/** Every hook there is in a test, so that none is left out by what an earlier test had. */
const ALL = [
  ...["_messageReceived", "_messageUpdate", "_conversationStart", "_conversationAdd", "_conversationRemove"],
  ...["_conversationUpdate", "_messageSent", "_receiversOffline", "_conversationStarted"],
  ...["_conversationAdded", "_conversationRemoved", "_clientOnline", "_clientOffline"],
];

/** The app has this engine in all tests of a file. */
export function useHookEngine(): void {
  beforeAll(async () => {
    await openWorld({ messages: { allowEdit: true, allowRecall: true } });
    // One of each file's own: what a file did is told after it too, and an engine that does not answer is not asked.
    engine = `http://engine-${crypto.randomUUID()}.test`;
    await connectEngine();
    // All the time: what a test did is told after it, and an engine that does not answer then is not asked by the next.
    const network = globalThis.fetch;
    vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
      const { url } = new Request(input, init);
      return url.startsWith(engine) ? answer(url, new Request(input, init)) : network(input, init);
    });
  });
  beforeEach(() => {
    for (const name of Object.keys(hooks)) delete hooks[name];
    calls.length = 0;
  });
  afterEach(() => configure({ hooks: { onFailure: null, timeoutMs: null } }));
  afterAll(() => {
    vi.restoreAllMocks();
  });
}

/** The app's settings name the engine. */
export async function connectEngine(): Promise<void> {
  await configure({ hooks: { url: engine, key: "hook-key", allowPrivate: true } });
}

async function answer(url: string, request: Request): Promise<Response> {
  const name = new URL(url).pathname.split("/").at(-1) ?? "";
  if (name === "metadatas") return Response.json({ result: ALL });
  const parameters: Record<string, unknown> = JSON.parse(await request.text());
  calls.push({ name, parameters });
  const hook = hooks[name];
  if (hook === undefined) return Response.json({ result: {} });
  const result = await hook(parameters);
  return result instanceof Response ? result : Response.json({ result });
}

/** What a hook was called with, each time. */
export const called = (name: string) =>
  calls.filter((call) => call.name === name).map(({ parameters }) => parameters);

/** A chat of Tom and Jerry; the hook calls that led to it are forgotten. */
export async function settledChat() {
  const { chat: cid, ...clients } = await pairChat();
  await settle(cid, clients.toms, clients.jerrys);
  calls.length = 0;
  return { ...clients, cid };
}

/**
 * A hook that answers when it is told to. It looks by itself: a promise of the test's would take what follows on it
 * into the test, out of the object that asked.
 */
export function held(result: unknown) {
  const state = { asked: false, released: false };
  const mayGo = stayAwake();
  const hook = async () => {
    state.asked = true;
    while (!state.released) await new Promise((resolve) => setTimeout(resolve, 5));
    return result;
  };
  return {
    hook,
    asked: () => expect.poll(() => state.asked).toBe(true),
    answer: () => {
      state.released = true;
      mayGo();
    },
  };
}
