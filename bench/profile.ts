import { spawn } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { WebSocket } from "ws";
import { type Throughput, underLoad } from "./load.ts";
import { parleyContender } from "./parley-room.ts";
import { processorTime } from "./processes.ts";
import { appId, liftLimits, parley } from "./programs.ts";
import type { Room } from "./room.ts";
import { type Server, startServer } from "./server.ts";
import { inParallel } from "./sockets.ts";
import { CHATS, IN_FLIGHT, IN_FLIGHT_PER_CHAT } from "./speed.ts";
import { decimal, table, whole } from "./table.ts";

const LOAD_TIME = 4_000; // ms
const SAMPLING = 100; // µs
/** Functions of the table. */
const TOP = 45;

/** A load whose sends are profiled. */
interface ProfiledLoad {
  name: string;
  inFlight: number;
  open(server: URL): Promise<Room[]>;
}

const LOADS: readonly ProfiledLoad[] = [
  {
    name: "fan-out-100",
    inFlight: IN_FLIGHT,
    open: async (server) => [await parleyContender(server, appId).openRoom(100)],
  },
  {
    name: "fan-out-1",
    inFlight: IN_FLIGHT,
    open: async (server) => [await parleyContender(server, appId).openRoom(1)],
  },
  {
    name: "chats",
    inFlight: IN_FLIGHT_PER_CHAT,
    open: (server) => {
      const contender = parleyContender(server, appId);
      return inParallel(CHATS, 20, () => contender.openRoom(1));
    },
  },
];

/** What V8 reports; a node is a function as called from its parent. */
interface CpuProfile {
  nodes: { id: number; callFrame: { functionName: string; url: string; lineNumber: number } }[];
  samples: number[];
  timeDeltas: number[];
}

/** Profiles each load on a server of its own. @param progress says what is being done */
export async function printProfiles(progress: (what: string) => void): Promise<void> {
  for (const load of LOADS) {
    progress(`profile of ${load.name}`);
    const path = `artifacts/${load.name}.cpuprofile`;
    const server = await startServer(parley, true);
    try {
      await liftLimits(server.url);
      console.log(`\n${await profile(load, server, path)}\n\nFlame graph, for speedscope: ${path}`);
    } finally {
      await server.stop();
    }
  }
}

/**
 * Runs a load on a server with an inspector, and writes what V8 saw of Parley's isolate to `path` (speedscope and
 * Chrome's developer tools show it as a flame graph). Returns where the time of a message went. The rest of the
 * process, D1 and the sockets among it, is `(program)` there, as waiting for the disk is.
 */
async function profile(load: ProfiledLoad, server: Server, path: string): Promise<string> {
  const rooms = await load.open(server.url);
  const inspector = await Inspector.connect(await server.inspector());
  await inspector.ask("Profiler.enable");
  await inspector.ask("Profiler.setSamplingInterval", { interval: SAMPLING });
  const syncs = countSyncs(server.pid);
  const before = processorTime(server.pid);
  await inspector.ask("Profiler.start");
  const loaded = await underLoad(rooms, load.inFlight, LOAD_TIME);
  const { profile } = await inspector.ask<{ profile: CpuProfile }>("Profiler.stop");
  const processor = processorTime(server.pid) - before;
  inspector.close();
  await Promise.all(rooms.map((room) => room.close()));
  await writeFile(path, JSON.stringify(profile));
  return tableOf(load, { loaded, rooms, profile, processor, syncs: await syncs() });
}

interface Measured {
  loaded: Throughput;
  rooms: readonly Room[];
  profile: CpuProfile;
  /** ms */
  processor: number;
  /** Undefined if nothing here counts them. */
  syncs: number | undefined;
}

function tableOf({ name }: ProfiledLoad, { loaded, rooms, profile, processor, syncs }: Measured): string {
  const messages = loaded.delivered / (rooms[0]?.receivers ?? 1);
  const each = (microseconds: number) => decimal(microseconds / messages);
  const selfTimes = [...selfTimesOf(profile)].sort(([, a], [, b]) => b - a);
  const all = selfTimes.reduce((sum, [, time]) => sum + time, 0);
  const rows = selfTimes
    .slice(0, TOP)
    .map(([where, time]) => [where, each(time), `${decimal((time / all) * 100)} %`]);
  const perSync = syncs === undefined ? "not counted, without perf" : decimal(messages / syncs);
  return [
    `${name}: ${whole(loaded.messages)} messages/s, ${whole(loaded.deliveries)} deliveries/s while profiled; ` +
      `messages for each sync to the disk, D1's among them: ${perSync}`,
    table(["function", "µs a message", ""], [["processor time in all", each(processor * 1000), ""], ...rows]),
  ].join("\n\n");
}

/** Time (µs) in each function without those that it called. */
function selfTimesOf({ nodes, samples, timeDeltas }: CpuProfile): Map<string, number> {
  const names = new Map(
    nodes.map(({ id, callFrame: { functionName, lineNumber, url } }) => {
      const name = functionName === "" ? "(anonymous)" : functionName;
      return [id, url === "" ? name : `${name}:${lineNumber + 1}`];
    }),
  );
  const times = new Map<string, number>();
  for (const [at, id] of samples.entries()) {
    const name = names.get(id);
    if (name === undefined || name === "(idle)") continue;
    times.set(name, (times.get(name) ?? 0) + Math.max(timeDeltas[at] ?? 0, 0));
  }
  return times;
}

/** Counts a process's syncs to the disk from now on, if there is Linux' perf; the result stops it. */
function countSyncs(pid: number): () => Promise<number | undefined> {
  const events = "syscalls:sys_enter_fsync,syscalls:sys_enter_fdatasync";
  const perf = spawn("perf", ["stat", "-x", ",", "-e", events, "-p", String(pid)]);
  let report = "";
  perf.stderr.on("data", (data) => {
    report += data;
  });
  const ended = new Promise<boolean>((resolve) => {
    perf.once("error", () => resolve(false));
    perf.once("close", () => resolve(true));
  });
  return async () => {
    perf.kill("SIGINT");
    if (!(await ended)) return undefined;
    const counted = [...report.matchAll(/^(\d+),,syscalls/gm)];
    return counted.length === 0 ? undefined : counted.reduce((sum, [, calls]) => sum + Number(calls), 0);
  };
}

/** V8's inspector in workerd. */
class Inspector {
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, (answer: string) => void>();
  #last = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on("message", (data) => {
      const answer = String(data);
      const { id }: { id: number } = JSON.parse(answer);
      this.#waiting.get(id)?.(answer);
      this.#waiting.delete(id);
    });
  }

  static async connect(url: URL): Promise<Inspector> {
    const socket = new WebSocket(url);
    await new Promise((resolve, reject) => {
      socket.once("open", resolve);
      socket.once("error", reject);
    });
    return new Inspector(socket);
  }

  ask<Result>(method: string, params: object = {}): Promise<Result> {
    const id = ++this.#last;
    this.#socket.send(JSON.stringify({ id, method, params }));
    return new Promise((resolve) =>
      this.#waiting.set(id, (answer) => {
        const { result }: { result: Result } = JSON.parse(answer);
        resolve(result);
      }),
    );
  }

  close(): void {
    this.#socket.close();
  }
}
