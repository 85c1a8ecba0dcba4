import { readFile, writeFile } from "node:fs/promises";
import { type Budget, isKept } from "../budgets.ts";
import { keepings } from "../peers/peer.ts";
import { isParley, loadNames, medianOf, parleyRatio, perCore } from "../peers/peer-report.ts";
import { type PeerLoad, peerLoads } from "../peers/peer-speed.ts";
import type { MeasuredPeers, PeerRuns } from "../peers/peers.ts";
import { keptResults, type MeasuredSpeed, type Results } from "../results.ts";
import { AUDIENCES, medianRatio, medianSpeed } from "../speed.ts";
import { decimal, whole } from "../table.ts";
import { markdownTable, withParts } from "./document.ts";
import { type BarGroup, plot } from "./plot.ts";

const DOCUMENT = new URL("../README.md", import.meta.url);
const PLOT = new URL("../results/peers.svg", import.meta.url);
const NOT_YET = "Nothing is recorded yet.";

/** Writes the tables of bench/README.md and its plot anew from the results that are kept. */
export async function render(): Promise<void> {
  const [speed, peers] = [await keptResults("speed"), await keptResults("peers")];
  const document = await readFile(DOCUMENT, "utf8");
  const parts = {
    speed: speed === undefined ? NOT_YET : speedPart(speed),
    peers: peers === undefined ? NOT_YET : peersPart(peers),
  };
  await writeFile(DOCUMENT, withParts(document, parts));
  if (peers !== undefined) await writeFile(PLOT, peersPlot(peers.measured.peers));
}

function circumstances({ date, machine, load, note }: Results<unknown>): string {
  const measured = `Measured on ${date}: ${machine}. Load average before: ${load.toFixed(1)}.`;
  return note === undefined ? measured : `${measured} ${note}`;
}

function speedPart(results: Results<MeasuredSpeed>): string {
  const { contestants, budgets } = results.measured;
  const reference = contestants[0]?.runs ?? [];
  const rows = contestants.map(({ name, runs }) => {
    const { fanOut, chats } = medianSpeed(runs);
    const of = (value: number, ratio: number) => `${whole(value)} (${decimal(ratio)})`;
    return [
      name,
      ...AUDIENCES.map((size) =>
        of(
          fanOut[size].deliveries,
          medianRatio(runs, reference, (run) => run.fanOut[size].deliveries),
        ),
      ),
      of(
        chats.messages,
        medianRatio(runs, reference, (run) => run.chats.messages),
      ),
      `${decimal(fanOut[100].loaded.p50)} / ${decimal(fanOut[100].loaded.p99)}`,
      decimal(fanOut[1].acknowledged),
    ];
  });
  const head = [
    "",
    "deliveries/s to 1",
    "to 10",
    "to 100",
    "messages/s in 100 chats",
    "to 100, p50 / p99 ms",
    "ack alone, ms",
  ];
  return [circumstances(results), markdownTable(head, rows), budgetsPart(budgets)].join("\n\n");
}

function budgetsPart(budgets: readonly Budget[]): string {
  const rows = budgets.map((budget) => [
    budget.name,
    `${budget.kind === "at least" ? "≥" : "≤"} ${decimal(budget.limit)}`,
    decimal(budget.measured),
    isKept(budget) ? "kept" : "**missed**",
  ]);
  return markdownTable(["budget", "limit", "measured", ""], rows);
}

function peersPart(results: Results<MeasuredPeers>): string {
  const { peers, versions } = results.measured;
  const tables = Object.entries(keepings).map(([keeps, meaning]) => {
    const beside = (peer: PeerRuns) => peer.keeps === keeps || (keeps === "later" && peer.name === "Parley");
    const rows = peers
      .filter(beside)
      .map((peer) => [peer.name, ...loadNames.flatMap((load) => cellsOf(peers, peer, load)), peer.traffic]);
    const head = ["", ...loadNames.map((load) => peerLoads[load].title), "besides messages"];
    return `**${meaning[0]?.toUpperCase()}${meaning.slice(1)}:**\n\n${markdownTable(head, rows)}`;
  });
  const named = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return [
    "![Deliveries a second by one core, of Parley and other servers](results/peers.svg)",
    `${circumstances(results)} ${named.join(", ")}.`,
    "Each cell: deliveries a second, µs of the server's processors for each, and how many times as much a core of " +
      "Parley's delivers.",
    ...tables,
  ].join("\n\n");
}

function cellsOf(peers: readonly PeerRuns[], peer: PeerRuns, load: PeerLoad): string[] {
  const speed = medianOf(peer, load);
  const ratio = isParley(peer) ? "" : `, ×${decimal(parleyRatio(peers, peer, load))}`;
  return [`${whole(speed.deliveries)}, ${decimal(speed.perDelivery)} µs${ratio}`];
}

function peersPlot(peers: readonly PeerRuns[]): string {
  const groups = (["hundred", "chats"] as const).flatMap((load) =>
    Object.entries(keepings).map(([keeps, meaning]): BarGroup => {
      const beside = peers.filter(
        (peer) => peer.keeps === keeps || (keeps === "later" && peer.name === "Parley"),
      );
      return {
        title: `${peerLoads[load].title}: ${meaning}`,
        bars: beside.map((peer) => {
          const value = perCore(medianOf(peer, load));
          return { label: peer.name, value, text: whole(value), isOurs: isParley(peer) };
        }),
      };
    }),
  );
  return plot("Deliveries a second by one core", groups);
}
