import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { named, say } from "../../support/chat.ts";
import { runCommand } from "../moving/commands.ts";
import { NodeDevice } from "../support/node-device.ts";
import { Random, seedOfThisRun } from "../support/random.ts";
import { callUntilTaken, conversationAt, mirrorOf, seenHere, sharedConversation, useSides } from "./sides.ts";

const sides = useSides();
const [tom, jerry, mary] = named("tom", "jerry", "mary");

/** What can go wrong: before LeanCloud takes a message, and after. */
const rates = {
  "too many requests": 0.04,
  "server error": 0.04,
  "bad gateway": 0.03,
  "timeout on the server": 0.03,
  dropped: 0.05,
  cut: 0.1,
  slow: 0.03,
};

test("everybody sees each message once, whatever fails, and a later import adds nothing", async () => {
  const seed = seedOfThisRun();
  const random = new Random(seed);
  const { there } = sides;
  let here = await sides.startHere();
  const ids = [await sharedConversation(there, here, [tom, jerry, mary])];
  ids.push(await sharedConversation(there, here, [tom, jerry]));
  ids.push(conversationAt(there, [jerry, tom]).objectId);
  const hooks: Promise<void>[] = [];
  there.hook = (parameters) => {
    for (let call = 0; call < (random.chance(0.2) ? 2 : 1); call++) {
      const wait = random.below(600);
      hooks.push(sleep(wait).then(() => callUntilTaken(() => here, parameters)));
    }
  };
  there.answersAfter = () => (random.chance(0.3) ? random.below(800) : 0);
  there.faults.rates = rates;
  let toms = await NodeDevice.of(here, tom);
  let jerrys = await NodeDevice.of(here, jerry);
  const said: string[] = [];
  const texts = new Set<string>();
  for (let step = 0; step < 90; step++) {
    const id = random.pick(ids);
    const text = random.chance(0.2) ? "ok" : `message ${step}`;
    const isHere = random.chance(0.5) && (id !== ids[2] || texts.has(id));
    if (isHere) {
      await say(toms, id, text);
      said.push(`${id} ${tom} ${text}`);
    } else {
      const from = random.pick([jerry, mary]);
      there.say(id, from, text);
      said.push(`${id} ${from} ${text}`);
      // The conversation is here once its first message is.
      if (id === ids[2] && !texts.has(id)) await Promise.all(hooks.slice(-2));
      texts.add(id);
    }
    if (random.chance(0.3)) await sleep(random.below(200));
    if (step === 45) {
      await here.kill();
      here = await sides.servers.start();
      toms = await NodeDevice.of(here, tom);
      jerrys = await NodeDevice.of(here, jerry);
    }
  }
  // From here on nothing fails: what waits goes after the longest pause.
  there.faults.rates = {};
  await expect.poll(async () => (await mirrorOf(here)).waiting, { timeout: 120_000, interval: 500 }).toBe(0);
  await Promise.all(hooks);
  const inWords = ({ to, from, data }: { to: string; from: string; data: string }) => `${to} ${from} ${data}`;
  const seen = async () => (await Promise.all(ids.map((id) => seenHere(here, id)))).flat();
  await expect.poll(async () => (await seen()).length).toBe(said.length);
  expect((await seen()).map(inWords).toSorted(), `seed ${seed}`).toEqual(said.toSorted());
  expect(there.data.messages.map(inWords).toSorted(), `seed ${seed}`).toEqual(said.toSorted());
  const live = jerrys.received.flatMap(({ directMessage }) => directMessage?.id ?? []);
  expect(new Set(live).size).toBe(live.length);

  const before = await seen();
  const folder = join(sides.servers.folder, "export");
  const exported = await runCommand("export", ["--server", there.url, "--to", folder, "--without", "files"]);
  expect(exported.code, exported.output).toBe(0);
  const imported = await runCommand("import", [folder, "--server", here.url, "--keep-urls"]);
  expect(imported.code, imported.output).toBe(0);
  expect(await seen()).toEqual(before);
}, 300_000);
