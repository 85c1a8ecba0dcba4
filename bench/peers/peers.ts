import { ejabberd, ejabberdMnesia, ejabberdPlain } from "./ejabberd.ts";
import { mosquitto, mosquittoAtMostOnce } from "./mosquitto.ts";
import { installPeers } from "./packages.ts";
import { parley, parleyTransient } from "./parley.ts";
import { partyServer } from "./party-server.ts";
import type { Peer } from "./peer.ts";
import { measurePeer, type PeerRun } from "./peer-speed.ts";
import { prosody } from "./prosody.ts";
import { socketIo } from "./socket-io.ts";
import { serverVersions } from "./versions.ts";

/** In the order of a round: each kind of keeping with Parley first. */
const PEERS: readonly Peer[] = [
  parley,
  ejabberd,
  ejabberdMnesia,
  prosody,
  mosquitto,
  parleyTransient,
  ejabberdPlain,
  mosquittoAtMostOnce,
  socketIo,
  partyServer,
];

/** What was measured of a server, round by round. */
export interface PeerRuns extends Pick<Peer, "name" | "keeps" | "traffic"> {
  runs: PeerRun[];
}

export interface MeasuredPeers {
  versions: Record<string, string>;
  peers: PeerRuns[];
}

/**
 * One server at a time, in turns. A server that fails is left out from then on, with a word.
 *
 * @param wanted parts of names of those that are measured beside Parley; all if there are none
 */
export async function measurePeers(
  rounds: number,
  wanted: readonly string[],
  told: (what: string) => void,
): Promise<MeasuredPeers> {
  const installed = await installPeers(told);
  const isWanted = ({ name, needs }: Peer) =>
    needs === undefined ||
    (installed.has(needs) && (wanted.length === 0 || wanted.some((part) => name.includes(part))));
  const all = PEERS.filter(isWanted).map((peer) => ({ peer, runs: [] as PeerRun[], failed: false }));
  for (let round = 1; round <= rounds; round++) {
    for (const entry of all) {
      if (entry.failed) continue;
      told(`${entry.peer.name}, round ${round} of ${rounds}`);
      try {
        entry.runs.push(await runOf(entry.peer));
      } catch (problem) {
        if (entry.peer.needs === undefined) throw problem;
        entry.failed = true;
        told(`${entry.peer.name} failed and is left out: ${problem}`);
      }
    }
  }
  const measured = all.filter(({ failed }) => !failed);
  return {
    versions: await serverVersions(installed),
    peers: measured.map(({ peer: { name, keeps, traffic }, runs }) => ({ name, keeps, traffic, runs })),
  };
}

async function runOf(peer: Peer): Promise<PeerRun> {
  const running = await peer.start();
  try {
    return await measurePeer(running);
  } finally {
    await running.stop();
  }
}
