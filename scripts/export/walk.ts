import * as v from "valibot";
import { Refused } from "../moving/failures.ts";
import { MessageRow, type Skipped } from "../moving/format.ts";
import type { Recent } from "./recent.ts";
import { checked, type Row } from "./rows.ts";
import type { Answer, Query, Source } from "./source.ts";

/** How many times a page is asked for again that brings nothing older. */
const REPEATS_MAX = 4;

/** How far a walk through history has come: to this message, from the newest backwards. */
export const Position = v.object({ timestamp: v.number(), id: v.string() });

export type Position = v.InferOutput<typeof Position>;

/** Where history is read, and the parameters for what is before a message. */
export interface History {
  path: string;
  queryBefore(position: Position | undefined): Query;
}

/** A walk at one of its steps. */
export interface Walk {
  history: History;
  position: Position | undefined;
  /** Messages sent before are not wanted (ms). */
  from: number;
  recent: Recent;
  /** Empty pages in a row that count as the end. */
  emptyAtEnd: number;
}

/** What one step brings. */
export interface Step {
  rows: Row[];
  odd: Row[];
  skipped: Skipped[];
  position: Position | undefined;
  /** Whether nothing older is left, or wanted. */
  isOver: boolean;
  headers: Headers;
}

export function messageKey({ to, timestamp, "msg-id": id }: MessageRow): string {
  return `${to}\n${timestamp}\n${id}`;
}

/** The key of a message that the export has. */
export function readMessage(text: string): { key: string; at: number } | undefined {
  const row = v.safeParse(MessageRow, JSON.parse(text));
  return row.success ? { key: messageKey(row.output), at: row.output.timestamp } : undefined;
}

/**
 * One step back through history, from the newest message on: 1.1 knows no other order for a whole app. A page may be
 * shorter than asked for, come twice, or overlap the one before; messages that were seen are left out.
 */
export async function stepBack(source: Source, walk: Walk): Promise<Step> {
  const { history, position } = walk;
  const [rows, odd]: Row[][] = [[], []];
  for (let [attempt, empty] = [0, 0]; ; attempt++) {
    const answer = await source.page(history.path, history.queryBefore(position));
    if (!Array.isArray(answer.value)) {
      throw new Refused(history.path, 200, { code: undefined, error: "no page of messages" });
    }
    const last = takeNew(answer, walk, rows ?? [], odd ?? []);
    const found = { rows: rows ?? [], odd: odd ?? [], headers: answer.headers };
    if (last !== undefined && last.timestamp < walk.from)
      return { ...found, position: last, isOver: true, skipped: [] };
    if (last !== undefined && isBefore(last, position))
      return { ...found, position: last, isOver: false, skipped: [] };
    empty = answer.rows.length === 0 ? empty + 1 : 0;
    if (empty >= walk.emptyAtEnd) return { ...found, position, isOver: true, skipped: [] };
    if (attempt < REPEATS_MAX) continue;
    return { ...found, ...pastWhatRepeats(position, last) };
  }
}

/** Adds a page's new messages. Returns the page's last one. */
function takeNew(answer: Answer, walk: Walk, rows: Row[], odd: Row[]): Position | undefined {
  const { position, from, recent } = walk;
  let last: Position | undefined;
  for (const text of answer.rows) {
    const check = checked("messages", MessageRow, text);
    if (check.isOdd) {
      if (!recent.has(text)) odd.push(check.row);
      recent.add(text);
      continue;
    }
    const { timestamp, "msg-id": id } = check.value;
    const key = messageKey(check.value);
    last = { timestamp, id };
    // What is later than all that is remembered was there long ago, or was sent since the walk began.
    const isForgotten =
      position !== undefined && timestamp > position.timestamp && !recent.reachesTo(timestamp);
    if (timestamp < from || isForgotten || recent.has(key)) continue;
    recent.add(key, timestamp);
    rows.push(check.row);
  }
  return last;
}

/** Whether the walk has come further back. */
function isBefore(last: Position, position: Position | undefined): boolean {
  if (position === undefined) return true;
  return (
    last.timestamp < position.timestamp || (last.timestamp === position.timestamp && last.id !== position.id)
  );
}

/** A server that goes on repeating the same page: the walk steps over it, and tells so. */
function pastWhatRepeats(
  position: Position | undefined,
  last: Position | undefined,
): Pick<Step, "position" | "isOver" | "skipped"> {
  if (position === undefined || last === undefined) {
    const why = "a page had no message to go on from, so older ones are missing";
    return { position, isOver: true, skipped: [{ what: "messages", why, count: 1 }] };
  }
  const why = `the same page came again before ${position.timestamp}, so the walk went on one millisecond earlier`;
  const next = { timestamp: position.timestamp - 1, id: "" };
  return { position: next, isOver: false, skipped: [{ what: "messages", why, count: 1 }] };
}
