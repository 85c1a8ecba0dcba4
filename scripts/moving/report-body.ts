/* The server's limits: see PUT /admin/moving/{run}. */
const TEXT_MAX = 80;
const REASON_MAX = 300;
const SOURCE_MAX = 300;
const WHY_MAX = 500;
const ID_MAX = 200;
const STAGES_MAX = 40;
const BODY_MAX = 64_000; // bytes

/** Differences, and ids of each: as many as fit. */
const SIZES = [
  { differences: 100, ids: 20 },
  { differences: 100, ids: 3 },
  { differences: 40, ids: 0 },
];

/** What became of the rows of a stage. */
export interface StageCounts {
  stage: string;
  added: number;
  changed: number;
  kept: number;
  refused: number;
}

/** What is not alike, or not there, for one reason. */
export interface DifferenceCount {
  what: string;
  why: string;
  count: number;
  /** Whether it is as it should be. */
  isExpected: boolean;
  /** Some of those that differ. */
  ids: readonly string[];
}

/** What a command has found so far. */
export interface Findings {
  stages?: readonly StageCounts[];
  differences?: readonly DifferenceCount[];
}

/** Where a command is. */
export interface Position {
  stage: string;
  rows: number;
  /** How much of the stage is done, from 0 to 1. */
  share: number | undefined;
}

export interface Run {
  command: "export" | "import" | "verify";
  /** The server or the folder that is read. */
  source: string;
  /** In ms. */
  startedAt: number;
}

export type RunState = { state: "running" } | { state: "done" } | { state: "stopped"; why: string };

/** A report as JSON, cut to what the server takes. */
export function reportBody(
  { command, source, startedAt }: Run,
  state: RunState,
  position: Position | undefined,
  { stages, differences = [] }: Findings,
): string {
  const told = {
    command,
    ...state,
    ...(state.state === "stopped" ? { why: state.why.slice(0, WHY_MAX) } : {}),
    started_at: startedAt,
    source: source.slice(-SOURCE_MAX),
    stage: position?.stage.slice(0, TEXT_MAX),
    rows: position?.rows,
    share: position?.share,
    stages: stages?.slice(0, STAGES_MAX).map((each) => ({ ...each, stage: each.stage.slice(0, TEXT_MAX) })),
  };
  const sorted = differences.toSorted(
    (a, b) => Number(a.isExpected) - Number(b.isExpected) || b.count - a.count,
  );
  let body = "";
  for (const size of SIZES) {
    body = JSON.stringify({ ...told, differences: cut(sorted, size) });
    if (Buffer.byteLength(body) <= BODY_MAX) break;
  }
  return body;
}

/** The first differences; those that are left out are counted in the last one. */
function cut(all: readonly DifferenceCount[], most: { differences: number; ids: number }) {
  const isCut = all.length > most.differences;
  const shown = isCut ? all.slice(0, most.differences - 1) : all;
  const left = all.slice(shown.length);
  const rest: DifferenceCount = {
    what: "others",
    why: `${left.length} other kinds of differences: the command tells them`,
    count: left.reduce((sum, { count }) => sum + count, 0),
    isExpected: left.every(({ isExpected }) => isExpected),
    ids: [],
  };
  return [...shown, ...(isCut ? [rest] : [])].map(({ what, why, count, isExpected, ids }) => ({
    what: what.slice(0, TEXT_MAX),
    why: why.slice(0, REASON_MAX),
    count,
    expected: isExpected,
    ids: ids.slice(0, most.ids).map((id) => id.slice(0, ID_MAX)),
  }));
}
