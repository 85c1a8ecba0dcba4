import { execFileSync } from "node:child_process";
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

/** The workerd a process started; there is never more than one at a time. */
export function workerdOf(parent: number): number {
  const found = processes().filter((one) => one.parent === parent && one.command.includes("workerd"));
  const [only] = found;
  if (only === undefined || found.length > 1)
    throw new Error(`${found.length} workerd processes, expected one`);
  return only.pid;
}

/** Resident memory in KB. */
export function residentMemory(pid: number): number {
  const found = processes().find((one) => one.pid === pid);
  if (found === undefined) throw new Error(`process ${pid} is gone`);
  return found.kilobytes;
}

/** Two servers at once would share the core that is being measured. */
export async function waitUntilGone(pid: number): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    if (!processes().some((one) => one.pid === pid && one.command.includes("workerd"))) return;
    await sleep(50);
  }
  process.kill(pid, "SIGKILL");
}

/** How busy the machine is with other work: above a few tenths before the start, times mean little. */
export function loadAverage(): number {
  return loadavg()[0] ?? 0;
}
