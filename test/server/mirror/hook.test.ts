import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { named, say } from "../../support/chat.ts";
import { type EngineProcess, startEngine } from "../hooks/engine-process.ts";
import { TRIAL_KEYS } from "../moving/commands.ts";
import type { HookParameters } from "../support/leancloud/live-app.ts";
import { NodeDevice } from "../support/node-device.ts";
import { callAsOwner, configure } from "../support/owner.ts";
import { mirrorOf, seenHere, sharedConversation, useSides } from "./sides.ts";

/** The hook of the guide, on the official engine. */

const sides = useSides();
const [tom, jerry] = named("tom", "jerry");
let engine: EngineProcess | undefined;

afterEach(() => engine?.stop());

const APP_KEY = "parley-dev-key";
const HOOK_KEY = "the-hook-key";

async function startHookedEngine(here: { url: string }): Promise<EngineProcess> {
  engine = await startEngine({
    script: `${import.meta.dirname}/engine.cjs`,
    env: {
      LEANCLOUD_APP_ID: TRIAL_KEYS.APP_ID,
      LEANCLOUD_APP_KEY: APP_KEY,
      LEANCLOUD_APP_MASTER_KEY: TRIAL_KEYS.MASTER_KEY,
      LEANCLOUD_APP_HOOK_KEY: HOOK_KEY,
      PARLEY_URL: here.url,
    },
  });
  return engine;
}

/** What LeanCloud calls after a message, and before a change of one. */
const calling = (url: string, name: string) => (parameters: HookParameters) => {
  void fetch(`${url}/1.1/functions/${name}`, {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      "X-LC-Id": TRIAL_KEYS.APP_ID,
      "X-LC-Key": APP_KEY,
      "X-LC-Hook-Key": HOOK_KEY,
    },
    body: JSON.stringify(parameters),
  });
};

test("with the guide's hook, clients on both sides talk to each other, each message once", async () => {
  const { there } = sides;
  const here = await sides.startHere();
  const id = await sharedConversation(there, here, [tom, jerry]);
  const { url, printed } = await startHookedEngine(here);
  there.hook = calling(url, "_messageSent");
  const toms = await NodeDevice.of(here, tom);
  const heard = () => toms.received.flatMap(({ directMessage }) => directMessage?.msg ?? []);
  for (let at = 0; at < 5; at++) {
    await say(toms, id, `here ${at}`);
    there.say(id, jerry, `there ${at}`);
  }
  const all = [0, 1, 2, 3, 4].flatMap((at) => [`here ${at}`, `there ${at}`]).toSorted();
  await expect
    .poll(
      () =>
        there
          .seen(id)
          .map(({ data }) => data)
          .toSorted(),
      { timeout: 10_000 },
    )
    .toEqual(all);
  await expect.poll(() => heard(), { timeout: 10_000 }).toHaveLength(5);
  await sleep(1_000);
  expect((await seenHere(here, id)).map(({ data }) => data).toSorted()).toEqual(all);
  expect(heard().toSorted()).toEqual(all.filter((text) => text.startsWith("there")));
  expect(await mirrorOf(here)).toMatchObject({ sent: 5, received: 5, waiting: 0, leftOut: 0 });
  expect(printed).toEqual([]);
});

test("the guide's hook says why a message is refused, and leaves it to the import", async () => {
  const { there } = sides;
  const here = await sides.startHere();
  const id = await sharedConversation(there, here, [tom, jerry]);
  const { url, printed } = await startHookedEngine(here);
  there.hook = calling(url, "_messageSent");
  await configure(here, { mirror: { server: null } });
  const message = there.say(id, jerry, "while it is off");
  await expect.poll(() => printed, { timeout: 10_000 }).toHaveLength(1);
  expect(printed[0]).toContain(`${message["msg-id"]}: 400 `);
  expect(printed[0]).toContain("mirror.server");
});

test("with the guide's hooks, an edit and a recall on one side are seen on the other, and go in no circle", async () => {
  const { there } = sides;
  const here = await sides.startHere();
  const id = await sharedConversation(there, here, [tom, jerry]);
  const { url, printed } = await startHookedEngine(here);
  there.hook = calling(url, "_messageSent");
  const asked: string[] = [];
  there.updateHook = (parameters) => {
    asked.push(parameters.content);
    calling(url, "_messageUpdate")(parameters);
  };
  await configure(here, { messages: { allowEdit: true, allowRecall: true } });
  const toms = await NodeDevice.of(here, tom);
  const seen = async () => (await seenHere(here, id)).map(({ data }) => data);
  const [edited, recalled] = [there.say(id, jerry, "one"), there.say(id, jerry, "two")];
  await expect.poll(seen, { timeout: 10_000 }).toEqual(["one", "two"]);
  there.change(edited, "one, edited there");
  there.change(recalled);
  await expect.poll(seen, { timeout: 15_000 }).toEqual(["one, edited there", '{"_lctype":-127}']);
  const patched = () => toms.received.flatMap(({ patchMessage }) => patchMessage?.patches ?? []);
  await expect.poll(() => patched().length).toBe(2);
  expect(patched().filter(({ recall }) => recall).length).toBe(1);

  const { ackMessage: sent } = await say(toms, id, "three");
  await expect.poll(() => there.seen(id).length, { timeout: 10_000 }).toBe(3);
  const path = `/1.2/rtm/conversations/${id}/messages/${encodeURIComponent(sent?.uid ?? "")}`;
  const edit = { from_client: tom, timestamp: Number(sent?.t), message: "three, edited here" };
  await callAsOwner(here, "PUT", path, edit);
  await expect.poll(() => there.seen(id)[2]?.data, { timeout: 10_000 }).toBe("three, edited here");
  await sleep(3_500);
  expect(await seen()).toEqual(["one, edited there", '{"_lctype":-127}', "three, edited here"]);
  expect(asked).toEqual(["one, edited there", '{"_lctype":-127}', "three, edited here"]);
  expect(patched().length).toBe(3);
  expect(printed).toEqual([]);
}, 60_000);
