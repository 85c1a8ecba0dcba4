import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { refusal } from "../support/chat.ts";
import { type Server, startServer } from "../support/server.ts";
import { Bystander, type Waited } from "./support/cost/bystander.ts";
import { frames } from "./support/cost/costly-frames.ts";
import { ownersRequests, requests } from "./support/cost/costly-requests.ts";
import { fillWithMuch, HEAVY, type Heavy } from "./support/cost/heavy-data.ts";
import { NodeDevice } from "./support/node-device.ts";
import { configure } from "./support/owner.ts";
import { Random, seedOfThisRun } from "./support/random.ts";

/** As many cases as there is time for: `SECONDS=600 npx vitest run …` tries more, `FIRST=287` begins at one of them. */
const SECONDS = Number(process.env.SECONDS ?? 20);
const FIRST = Number(process.env.FIRST ?? 0);
/** ms of the server's processor time: I13 says 50 of a quiet machine, and CI's is none. */
const BOUND = 250;
/** Tries in a row that are over it: a collection of garbage is over it once. */
const TRIES = 3;

let folder: string;
let server: Server;
let heavy: Heavy;
let bystander: Bystander;
const seed = seedOfThisRun();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "parley-cost-"));
  heavy = await fillWithMuch(folder, new Random(seed));
  server = await startServer({ data: folder });
  await configure(server, { messages: { allowEdit: true, allowRecall: true } });
  bystander = await Bystander.of(server);
});
afterAll(async () => {
  await bystander?.leave();
  await server?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** What can be tried: something of a kind, made anew each time, that resolves to what came of it. */
interface Case {
  kind: string;
  run(): Promise<string>;
}

/** Those who send: each on a socket that is left for another before its rates are used up. */
class Senders {
  readonly #devices: NodeDevice[] = [];
  #turn = 0;

  async next(): Promise<NodeDevice> {
    this.#turn += 1;
    const at = this.#turn % HEAVY.length;
    const known = this.#devices[at];
    if (known !== undefined && known.closed === undefined && this.#turn % 40 !== at) return known;
    known?.close();
    const device = await NodeDevice.of(server, HEAVY[at] ?? "");
    this.#devices[at] = device;
    return device;
  }

  leave(): void {
    for (const device of this.#devices) device.close();
  }
}

const senders = new Senders();

/** Each kind in turn; a case can be had again by its number. */
function caseAt(at: number): Case {
  const random = new Random(seed + at);
  const ofFrames: Case[] = Object.entries(frames).map(([kind, make]) => ({
    kind,
    run: async () => {
      const device = await senders.next();
      const command = make(random, heavy, device.clientId);
      const asked = { peerId: device.clientId, ...command };
      if (command.cmd !== "ack") return refusal(await device.ask(asked)) || "result";
      // It has no answer: what comes after it has.
      device.send(asked);
      return (
        refusal(await device.ask({ cmd: "conv", op: "count", convMessage: { cid: heavy.long } })) || "sent"
      );
    },
  }));
  const ofRequests: Case[] = Object.entries({ ...requests, ...ownersRequests }).map(([kind, make]) => ({
    kind,
    run: async () => {
      const { path, body, ...rest } = make(random, heavy);
      const sent = body === undefined ? {} : { body: JSON.stringify(body) };
      const response = await fetch(`${server.url}${path}`, { ...rest, ...sent });
      await response.arrayBuffer();
      return String(response.status);
    },
  }));
  const all = [...ofFrames, ...ofRequests];
  const chosen = all[at % all.length];
  if (chosen === undefined) throw new Error("nothing to try");
  return chosen;
}

interface Worst extends Waited {
  outcome: string;
  at: number;
}

const shown = ([kind, { processor, wait, outcome, at }]: [string, Worst]) =>
  `${processor.toFixed(1)} ms of the server, ${wait.toFixed(1)} by the clock: ${kind}, case ${at}, ${outcome}`;

// The processor time of a thread is read where Linux has it.
test("[I13] no frame and no request within the limits delays an uninvolved client", {
  tags: "linux",
  timeout: SECONDS * 1_000 + 100_000,
}, async () => {
  const worst = new Map<string, Worst>();
  const outcomes = new Map<string, number>();
  const slow: string[] = [];
  const end = Date.now() + SECONDS * 1_000;
  let cases = 0;
  for (let at = FIRST; Date.now() < end; at += 1) {
    const { kind, run } = caseAt(at);
    cases += 1;
    for (let tried = 1; ; tried += 1) {
      await bystander.worst();
      const outcome = await run();
      const waited = await bystander.worst();
      const what = `${kind}: ${outcome}`;
      outcomes.set(what, (outcomes.get(what) ?? 0) + 1);
      const before = worst.get(kind)?.processor ?? 0;
      if (waited.processor > before) worst.set(kind, { ...waited, outcome, at });
      if (waited.processor <= BOUND) break;
      if (tried < TRIES) continue;
      slow.push(`${kind}: ${Math.round(waited.processor)} ms, SEED=${seed} FIRST=${at}`);
      break;
    }
  }
  senders.leave();
  const lines = [...worst].toSorted(([, one], [, other]) => other.processor - one.processor).map(shown);
  console.log([`SEED=${seed}: the longest that an echo waited in ${cases} cases`, ...lines].join("\n"));
  const counts = [...outcomes].map(([what, count]) => `${count} ${what}`);
  if (process.env.SECONDS !== undefined) console.log(counts.toSorted().join("\n"));
  expect(slow).toEqual([]);
  // They are expensive because they are carried out.
  const isRate = (what: string) => what.endsWith("QUOTA_EXCEEDED") || what.endsWith("429");
  const refused = [...outcomes].filter(([what]) => isRate(what)).map(([, count]) => count);
  expect(refused.reduce((sum, count) => sum + count, 0)).toBeLessThan(cases / 4);
  expect(server.output()).not.toMatch(/uncaught|unhandled/i);
});
