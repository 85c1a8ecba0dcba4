import { type Counts, requestsIn, total } from "./counts.ts";
import { IMPORT_SHAPES, type ImportSpeed } from "./import.ts";
import type { IdleMemory } from "./memory.ts";
import { AUDIENCES, medianRatio, medianSpeed, type Speed } from "./speed.ts";
import { median } from "./statistics.ts";
import { decimal, table, whole } from "./table.ts";
import type { Work } from "./work.ts";

export interface Contestant {
  name: string;
  /** One a round. */
  runs: readonly Speed[];
}

const ms = (value: number) => (value < 9.95 ? value.toFixed(2) : value.toFixed(1));
const pair = ({ p50, p99 }: { p50: number; p99: number }) => `${ms(p50)} / ${ms(p99)}`;

/** Every contestant's medians, with the ratio to the first, which keeps nothing. */
export function speedTables(contestants: readonly Contestant[]): string {
  const medians = contestants.map(({ name, runs }) => ({ name, runs, speed: medianSpeed(runs) }));
  const reference = contestants[0]?.runs ?? [];
  const fanOut = AUDIENCES.map((size) =>
    table(
      [
        `1 sender → ${size} online`,
        "deliveries/s",
        "ratio",
        "under load p50 / p99 ms",
        "alone p50 / p99 ms",
        "ack ms",
      ],
      medians.map(({ name, runs, speed }) => {
        const { deliveries, loaded, quiet, acknowledged } = speed.fanOut[size];
        const ratio = medianRatio(runs, reference, (run) => run.fanOut[size].deliveries);
        return [name, whole(deliveries), decimal(ratio), pair(loaded), pair(quiet), ms(acknowledged)];
      }),
    ),
  );
  const chats = table(
    ["100 two-party chats", "messages/s", "deliveries/s", "ratio", "under load p50 / p99 ms"],
    medians.map(({ name, runs, speed: { chats } }) => {
      const ratio = medianRatio(runs, reference, (run) => run.chats.messages);
      return [name, whole(chats.messages), whole(chats.deliveries), decimal(ratio), pair(chats)];
    }),
  );
  return [...fanOut, chats].join("\n\n");
}

/** By shape, with the ratio to bare objects round by round. */
export function importTable({ bare, parley }: { bare: ImportSpeed[][]; parley: ImportSpeed[][] }): string {
  return table(
    ["imports, to the disk", "messages/s", "of bare objects", "messages per CPU second", "of bare objects"],
    IMPORT_SHAPES.map(({ name }, at) => {
      const [mine, reference] = [parley[at] ?? [], bare[at] ?? []];
      const columns = [(run: ImportSpeed) => run.messages, (run: ImportSpeed) => run.perCpuSecond].flatMap(
        (value) => [whole(median(mine.map(value))), decimal(medianRatio(mine, reference, value))],
      );
      return [name, ...columns];
    }),
  );
}

export function memoryTable(memory: readonly { name: string; idle: IdleMemory }[]): string {
  return table(
    ["idle connections, asleep", "KB each of the first", "KB for one more"],
    memory.map(({ name, idle }) => [name, whole(idle.first), whole(idle.further)]),
  );
}

export function workTable(work: readonly Work[]): string {
  return table(
    ["one of these", "object rows", "D1 rows", "object requests"],
    work.map(({ name, times, counts }) => {
      const each = (value: number) => (value / times).toFixed(3).replace(/\.?0+$/, "");
      return [name, each(total(counts.rows)), each(total(counts.databaseRows)), each(requestsIn(counts))];
    }),
  );
}

/** The causes of the counts, to investigate a value that is too high. */
export function workDetails(work: readonly Work[]): string {
  const lines = work.flatMap(({ name, times, counts }) => [
    `${name} (${times} times)`,
    ...parts(counts).map(([what, number]) => `  ${String(number).padStart(6)}  ${what}`),
  ]);
  return lines.join("\n");
}

function parts(counts: Counts): [string, number][] {
  const labelled = (label: string, of: Record<string, number>) =>
    Object.entries(of).map(([what, number]): [string, number] => [`${label}${what}`, number]);
  return [
    ...labelled("", counts.events),
    ...labelled("row: ", counts.rows),
    ...labelled("D1 row: ", counts.databaseRows),
  ];
}
