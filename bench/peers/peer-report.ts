import type { Budget } from "../budgets.ts";
import { medianRatio } from "../speed.ts";
import { median } from "../statistics.ts";
import { decimal, table, whole } from "../table.ts";
import { type Keeping, keepings } from "./peer.ts";
import { type PeerLoad, type PeerSpeed, peerLoads } from "./peer-speed.ts";
import type { PeerRuns } from "./peers.ts";

export const loadNames: readonly PeerLoad[] = ["one", "ten", "hundred", "chats"];

/** Number by number, the median of a server's rounds. */
export function medianOf({ runs }: PeerRuns, load: PeerLoad): PeerSpeed {
  const of = (name: keyof PeerSpeed) => median(runs.map((run) => run[load][name]));
  return {
    messages: of("messages"),
    deliveries: of("deliveries"),
    p50: of("p50"),
    p99: of("p99"),
    perMessage: of("perMessage"),
    perDelivery: of("perDelivery"),
  };
}

/** What a core delivers a second: of a server that uses several, not what it delivers. */
export function perCore({ perDelivery }: PeerSpeed): number {
  return 1e6 / perDelivery;
}

/** Parley in the configuration that a server is compared with: durable, unless that one keeps nothing. */
export function parleyBeside(peers: readonly PeerRuns[], keeps: Keeping): PeerRuns {
  const name = keeps === "nothing" ? "Parley, transient messages" : "Parley";
  const found = peers.find((one) => one.name === name);
  if (found === undefined) throw new Error(`${name} was not measured`);
  return found;
}

/** How many times as much a core of Parley's delivers, round by round. */
export function parleyRatio(peers: readonly PeerRuns[], peer: PeerRuns, load: PeerLoad): number {
  const parley = parleyBeside(peers, peer.keeps);
  return medianRatio(peer.runs, parley.runs, (run) => run[load].perDelivery);
}

export function isParley({ name }: PeerRuns): boolean {
  return name.startsWith("Parley");
}

export function peerTables(peers: readonly PeerRuns[]): string {
  return loadNames
    .map((load) =>
      table(
        [
          peerLoads[load].title,
          "kept",
          "deliveries/s",
          "a core's",
          "µs each",
          "µs a message",
          "p50 / p99 ms",
          "Parley's core, of it",
        ],
        peers.map((peer) => {
          const speed = medianOf(peer, load);
          return [
            peer.name,
            peer.keeps,
            whole(speed.deliveries),
            whole(perCore(speed)),
            decimal(speed.perDelivery),
            decimal(speed.perMessage),
            `${decimal(speed.p50)} / ${decimal(speed.p99)}`,
            decimal(parleyRatio(peers, peer, load)),
          ];
        }),
      ),
    )
    .join("\n\n");
}

/** By core, Parley is ahead of every server that keeps as much. */
export function peerBudgets(peers: readonly PeerRuns[]): Budget[] {
  return peers
    .filter((peer) => !isParley(peer))
    .flatMap((peer) =>
      loadNames.map(
        (load): Budget => ({
          name: `${peerLoads[load].title}: deliveries of a core, of ${peer.name}`,
          limit: 1,
          kind: "at least",
          measured: parleyRatio(peers, peer, load),
        }),
      ),
    );
}

export function trafficLines(peers: readonly PeerRuns[]): string {
  const lines = Object.entries(keepings).flatMap(([keeps, meaning]) => [
    `${keeps}: ${meaning}`,
    ...peers.filter((peer) => peer.keeps === keeps).map(({ name, traffic }) => `  ${name}: ${traffic}`),
  ]);
  return lines.join("\n");
}
