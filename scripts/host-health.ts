import { readdir, readFile } from "node:fs/promises";

/** The state of a runtime's process for `GET /admin/health`; null for values that this system does not report. */
export async function hostHealth(pid: number | undefined, restarts: number) {
  const upSeconds = Math.round(process.uptime());
  const folder = `/proc/${pid}`;
  const [open, limits, memory] = await Promise.all([
    readdir(`${folder}/fd`).catch(() => undefined),
    readFile(`${folder}/limits`, "utf8").catch(() => ""),
    readFile(`${folder}/statm`, "utf8").catch(() => ""),
  ]);
  const max = /^Max open files\s+(\d+)/m.exec(limits)?.[1];
  const pages = memory.split(" ")[1];
  return {
    startedAt: Date.now() - upSeconds * 1_000,
    upSeconds,
    restarts,
    descriptors: open?.length ?? null,
    descriptorsMax: max === undefined ? null : Number(max),
    memoryBytes: pages === undefined ? null : Number(pages) * PAGE,
  };
}

/** In bytes, wherever Node's own builds run on Linux. */
const PAGE = 4_096;
