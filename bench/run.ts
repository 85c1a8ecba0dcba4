import { buildPage } from "../scripts/build-page.ts";
import { type BareKind, bareContender } from "./bare-room.ts";
import { budgetTable, importBudgets, isKept, memoryBudget, speedBudgets, workBudgets } from "./budgets.ts";
import { countCases } from "./cost-cases.ts";
import { record } from "./cost-model.ts";
import { costBudgets, costTable, printCosts } from "./costs.ts";
import { hotConversation } from "./hot-conversation.ts";
import { IMPORT_PATH, IMPORT_SHAPES, type ImportSpeed, measureImport } from "./import.ts";
import { bareLargeRoom, parleyLargeRoom } from "./large-room.ts";
import { type IdleMemory, idleMemory } from "./memory.ts";
import { ParleyClient } from "./parley-client.ts";
import { parleyContender } from "./parley-room.ts";
import { comparePeers } from "./peers/compare.ts";
import { loadAverage } from "./processes.ts";
import { printProfiles } from "./profile.ts";
import { appId, bare, countedParley, liftLimits, parley } from "./programs.ts";
import { render } from "./render/render.ts";
import { importTable, memoryTable, speedTables, workDetails, workTable } from "./report.ts";
import { writeResults } from "./results.ts";
import { printScale, SCALE_SEED } from "./scale/scale.ts";
import { unitBudgets } from "./scale/unit-costs.ts";
import { bundleOf, type Program, type Server, startServer } from "./server.ts";
import { printTree } from "./simulated-rooms.ts";
import { connect, disconnect } from "./sockets.ts";
import { measureSpeed, type Speed } from "./speed.ts";
import { decimal, table, whole } from "./table.ts";
import { countWork } from "./work.ts";

/*
 * `npm run bench`: Parley compared with the bare platform over the same sockets, on this machine and over loopback, one
 * server at a time and in turns, so that other load affects both. Or only one thing:
 *
 * - `--memory`: the memory of idle connections
 * - `--peers`: Parley beside other servers; `--peers=mosquitto,socket.io` those alone, `--rounds=1` once
 * - `--costs`: what messages cost in money; `--write` brings it into docs/costs.md, `--recorded` counts nothing anew
 * - `--scale`: a simulation of apps with up to ten million users
 * - `--rooms`, `--tree`: large chat rooms; the simulated relays of larger ones
 * - `--import`, `--hot`, `--profile`: imports; a conversation beyond its ceiling; what a send's time is spent on
 * - `--render`: the tables and the plot of bench/README.md, from bench/results
 *
 * `--costs` and `--scale` fail if a budget is missed. `--details` prints the causes of the counts too.
 */

const OPTIONS = [
  ...[
    "--memory",
    "--peers",
    "--rounds",
    "--costs",
    "--write",
    "--recorded",
    "--scale",
    "--seed",
    "--rooms",
    "--tree",
  ],
  ...["--import", "--hot", "--profile", "--render", "--details"],
];

const ROUNDS = 3;
/** Sockets of one chat room. */
const ROOM_SIZES = [1_000, 3_000, 5_000];

/** One server at a time while time is measured: all of its work is done by one core. */
async function serving<Result>(program: Program, use: (server: Server) => Promise<Result>): Promise<Result> {
  const server = await startUnlimited(program);
  try {
    return await use(server);
  } finally {
    await server.stop();
  }
}

async function startUnlimited(program: Program): Promise<Server> {
  const server = await startServer(program);
  if (program.environment.kind === "Parley") await liftLimits(server.url);
  return server;
}

function progress(what: string): void {
  console.error(`${String(Math.round(performance.now() / 1000)).padStart(4)} s  ${what}`);
}

async function speeds(): Promise<Record<BareKind | "Parley", Speed[]>> {
  const runs: Record<BareKind | "Parley", Speed[]> = { Star: [], InsertStar: [], GroupStar: [], Parley: [] };
  for (let round = 1; round <= ROUNDS; round++) {
    progress(`speed, round ${round} of ${ROUNDS}`);
    await serving(bare, async ({ url }) => {
      for (const kind of ["Star", "InsertStar", "GroupStar"] as const) {
        runs[kind].push(await measureSpeed(bareContender(url, kind)));
      }
    });
    await serving(parley, async ({ url }) => {
      runs.Parley.push(await measureSpeed(parleyContender(url, appId)));
    });
  }
  return runs;
}

/** By shape, in the order of the rounds. */
async function imports(): Promise<{ bare: ImportSpeed[][]; parley: ImportSpeed[][] }> {
  const measured: { bare: ImportSpeed[][]; parley: ImportSpeed[][] } = {
    bare: IMPORT_SHAPES.map(() => []),
    parley: IMPORT_SHAPES.map(() => []),
  };
  for (let round = 1; round <= ROUNDS; round++) {
    progress(`imports, round ${round} of ${ROUNDS}`);
    for (const [at, shape] of IMPORT_SHAPES.entries()) {
      const bareSpeed = await serving(bare, (server) => measureImport(server, "/Keeper", shape));
      const parleySpeed = await serving(parley, (server) => measureImport(server, IMPORT_PATH, shape));
      measured.bare[at]?.push(bareSpeed);
      measured.parley[at]?.push(parleySpeed);
    }
  }
  return measured;
}

interface Memories {
  bare: IdleMemory;
  piped: IdleMemory;
  parley: IdleMemory;
}

async function memories(): Promise<Memories> {
  const bareMemory = (kind: "Sleeper" | "Piped") =>
    serving(bare, (server) =>
      idleMemory(server, async (index) => {
        const url = new URL(`/${kind}/${index}`, server.url);
        url.protocol = "ws:";
        const socket = await connect(url, [], () => {});
        return () => disconnect(socket);
      }),
    );
  return {
    bare: await bareMemory("Sleeper"),
    piped: await bareMemory("Piped"),
    parley: await serving(parley, (server) =>
      idleMemory(server, async (index) => {
        const client = await ParleyClient.logIn(server.url, appId, `idle-${index}`);
        return () => client.leave();
      }),
    ),
  };
}

function printMemory(memory: Memories): void {
  const table = memoryTable([
    { name: "bare, an object each", idle: memory.bare },
    { name: "bare, and a Worker between", idle: memory.piped },
    { name: "Parley", idle: memory.parley },
  ]);
  console.log(`\n${table}\n`);
}

/** The value of an option such as `--peers=mosquitto`; undefined if it is not given, and empty without a value. */
function option(name: string): string | undefined {
  const given = process.argv.find((one) => one === name || one.startsWith(`${name}=`));
  return given?.slice(name.length + 1);
}

const unknown = process.argv.slice(2).find((one) => !OPTIONS.includes(one.split("=")[0] ?? ""));
if (unknown !== undefined) {
  console.error(`There is no option ${unknown}, but ${OPTIONS.join(", ")}: bench/run.ts says what they do.`);
  process.exit(2);
}
if (process.argv.includes("--render")) {
  await render();
  process.exit();
}
if (process.argv.includes("--scale")) {
  const missed = printScale(progress, Number(option("--seed") ?? SCALE_SEED));
  process.exit(missed.length === 0 ? 0 : 1);
}
await buildPage();
const peers = option("--peers");
if (peers !== undefined) {
  await bundleOf(parley.entry);
  const wanted = peers.split(",").filter((name) => name !== "");
  await comparePeers({ rounds: Number(option("--rounds") ?? ROUNDS), wanted }, progress);
  process.exit();
}
await Promise.all([bare, parley, countedParley].map(({ entry }) => bundleOf(entry)));
if (process.argv.includes("--memory")) {
  const memory = await memories();
  printMemory(memory);
  console.log(budgetTable([memoryBudget(memory.parley, memory.bare)]));
  process.exit();
}
if (process.argv.includes("--import")) {
  const imported = await imports();
  console.log(importTable(imported));
  console.log(`\n${budgetTable(importBudgets(imported))}`);
  process.exit();
}
if (process.argv.includes("--profile")) {
  await printProfiles(progress);
  process.exit();
}
if (process.argv.includes("--hot")) {
  const loadBefore = loadAverage();
  console.log(await serving(parley, ({ url }) => hotConversation(url, appId)));
  console.log(`Load average before: ${loadBefore.toFixed(2)}.`);
  process.exit();
}
if (process.argv.includes("--tree")) {
  await printTree(progress);
  process.exit();
}
if (process.argv.includes("--rooms")) {
  const rows: string[][] = [];
  for (const size of ROOM_SIZES) {
    progress(`a room of ${size}`);
    const star = await serving(bare, (server) => bareLargeRoom(server, "Star", size));
    const piped = await serving(bare, (server) => bareLargeRoom(server, "PipedStar", size));
    const room = await serving(parley, (server) => parleyLargeRoom(server, appId, size, progress));
    progress(`a room of ${size}: ${whole(room.deliveries)} deliveries/s, bare ${whole(star.deliveries)}`);
    rows.push([
      whole(size),
      whole(star.deliveries),
      whole(room.deliveries),
      decimal(room.deliveries / star.deliveries),
      whole(star.processor),
      whole(piped.processor),
      whole(room.processor),
      decimal(star.processor / room.processor),
      decimal(piped.processor / room.processor),
      room.entries.map(({ all }) => whole(all)).join(", "),
      room.entries.map(({ processor }) => decimal(processor)).join(", "),
      whole(star.memory),
      whole(room.memory),
    ]);
  }
  const head = [
    "sockets",
    "bare deliveries/s",
    "room deliveries/s",
    "ratio",
    "bare µs",
    "through a Worker µs",
    "room µs",
    "ratio to bare",
    "to a Worker",
    "1,000 entered, ms",
    "processor each, ms",
    "bare KB",
    "KB by entering",
  ];
  console.log(table(head, rows));
  await printTree(progress);
  process.exit();
}
if (process.argv.includes("--costs")) {
  if (!process.argv.includes("--recorded")) progress("messages, logins and pushes, counted");
  const areKept = await printCosts(() => startUnlimited(countedParley), appId, new Set(process.argv));
  process.exit(areKept ? 0 : 1);
}
const loadBefore = loadAverage();
const speed = await speeds();
const imported = await imports();
progress("memory and counts");
// At the same time: neither is a matter of time.
const [memory, work] = await serving(countedParley, ({ url }) =>
  Promise.all([memories(), countWork(url, appId)]),
);
progress("what messages cost");
const costs = record(await countCases(() => startUnlimited(countedParley), appId), work);

console.log(
  `Medians of ${ROUNDS} rounds. 200-byte frames; 20 messages in flight per sender, 4 per chat; ratios to the ` +
    `first line, round by round.\nLoad average before: ${loadBefore.toFixed(2)}. Times mean little unless it was ` +
    "near 0.\n",
);
const contestants = [
  { name: "bare, keeps nothing", runs: speed.Star },
  { name: "bare, inserts each", runs: speed.InsertStar },
  { name: "bare, group commit", runs: speed.GroupStar },
  { name: "Parley", runs: speed.Parley },
];
console.log(speedTables(contestants));
console.log(`\n${importTable(imported)}`);
printMemory(memory);
console.log(`${workTable(work)}\n`);
console.log(`${costTable(costs)}\n`);
const budgets = [
  ...speedBudgets(speed.Parley, {
    nothingKept: speed.Star,
    inserting: speed.InsertStar,
    grouping: speed.GroupStar,
  }),
  ...importBudgets(imported),
  memoryBudget(memory.parley, memory.bare),
  ...workBudgets(work),
  ...unitBudgets(work),
  ...costBudgets(costs),
];
console.log(budgetTable(budgets));
const missed = budgets.filter((budget) => !isKept(budget));
console.log(`\n${budgets.length - missed.length} of ${budgets.length} budgets kept`);
console.log(`written to ${await writeResults("speed", { contestants, budgets })}`);
if (process.argv.includes("--details")) console.log(`\n${workDetails(work)}`);
