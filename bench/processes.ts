import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { loadavg } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";

interface Process {
  pid: number;
  parent: number;
  kilobytes: number;
  command: string;
}

function processes(): Process[] {
  const listing = execFileSync("ps", ["-A", "-o", "pid=,ppid=,rss=,comm="], { encoding: "utf8" });
  return listing.split("\n").flatMap((line) => {
    const [pid, parent, kilobytes, ...command] = line.trim().split(/\s+/);
    if (pid === undefined || parent === undefined || kilobytes === undefined) return [];
    return [
      { pid: Number(pid), parent: Number(parent), kilobytes: Number(kilobytes), command: command.join(" ") },
    ];
  });
}

/** The workerd processes this process started. */
export function workerds(): number[] {
  return processes()
    .filter(({ parent, command }) => parent === process.pid && command.includes("workerd"))
    .map(({ pid }) => pid);
}

/** A process and everything it started, whatever is still running of it. */
export function processTree(root: number): number[] {
  const all = processes();
  const tree = all.some(({ pid }) => pid === root) ? [root] : [];
  for (const parent of tree) {
    tree.push(...all.filter((one) => one.parent === parent).map(({ pid }) => pid));
  }
  return tree;
}

/** Resident memory in KB. */
export function residentMemory(pid: number): number {
  const found = processes().find((one) => one.pid === pid);
  if (found === undefined) throw new Error(`process ${pid} is gone`);
  return found.kilobytes;
}

/** Processor time that a process has had, in ms (Linux). What else the machine does is not in it. */
export function processorTime(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  // The name, in parentheses, may have spaces; the times are in hundredths of a second.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

/** Two servers at once would share the core that is being measured. */
export async function waitUntilGone(pid: number): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    if (!workerds().includes(pid)) return;
    await sleep(50);
  }
  process.kill(pid, "SIGKILL");
}

/** How busy the machine is with other work: above a few tenths before the start, times mean little. */
export function loadAverage(): number {
  return loadavg()[0] ?? 0;
}
