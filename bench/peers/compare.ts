import { budgetTable } from "../budgets.ts";
import { loadAverage } from "../processes.ts";
import { writeResults } from "../results.ts";
import { peerBudgets, peerTables, trafficLines } from "./peer-report.ts";
import { measurePeers } from "./peers.ts";

/** Measures Parley beside its peers, prints what came of it, and keeps it as a file. */
export async function comparePeers(
  options: { rounds: number; wanted: readonly string[] },
  told: (what: string) => void,
): Promise<void> {
  // Servers that are processes of their own end with this one.
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));
  const loadBefore = loadAverage();
  const measured = await measurePeers(options.rounds, options.wanted, told);
  const { peers } = measured;
  console.log(
    `Medians of ${options.rounds} rounds. 200-byte messages; 20 in flight for each sender, 4 for each chat. ` +
      "Processor times are of all processes of a server; a core's deliveries a second follow from them.\n" +
      `Load average before: ${loadBefore.toFixed(2)}.\n`,
  );
  console.log(`${peerTables(peers)}\n\n${trafficLines(peers)}\n\n${budgetTable(peerBudgets(peers))}`);
  console.log(`\nwritten to ${await writeResults("peers", measured)}`);
}
