import { HISTORY_ANSWER, HISTORY_ROWS, LOG_ROWS, PARSED_ROWS } from "../bounds.ts";
import type { MessageRecord } from "../model/records.ts";
import type { HistoryPoint } from "../protocol/commands.ts";
import type { Sql } from "../sql.ts";
import { COLUMNS, NOT_DELETED, type Row, toMessage, VISIBLE_TO } from "./log-rows.ts";

export interface HistoryRequest {
  direction: "older" | "newer";
  start: HistoryPoint | undefined;
  end: HistoryPoint | undefined;
  limit: number;
  messageType: number | undefined;
}

/** Pages of one conversation's history. */
export class HistoryPages {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /**
   * A page of history, always ascending (wire §4.9). Older takes the messages nearest before the start, newer
   * those nearest after it; the end bounds either. It comes in turns of a bounded number of rows, between which others
   * may go on: what is wanted may be far back, or not there at all. So much of the log is looked at in all.
   * @param clientId who looks; undefined is the app's server, which sees what is for some only
   */
  *byTurns(request: HistoryRequest, clientId: string | undefined): Generator<undefined, MessageRecord[]> {
    const { direction, limit, messageType } = request;
    const found: MessageRecord[] = [];
    const room = clientId === undefined ? new Unbounded() : new Room();
    let start = request.start;
    // Most often every row counts, and the first turn is all.
    let rows = limit;
    for (let looked = 0; looked < HISTORY_ROWS; looked += rows) {
      if (looked > 0) {
        rows = messageType === undefined ? LOG_ROWS : PARSED_ROWS;
        yield;
      }
      const end = this.#edge({ ...request, start }, rows);
      const turn = { ...request, start, limit: limit - found.length };
      found.push(...this.#pageUntil(turn, clientId, end, room));
      if (end === undefined || found.length >= limit || room.isFull || isPast(end, request)) break;
      start = { timestamp: end, messageId: undefined, inclusive: false };
    }
    if (direction === "older") found.reverse();
    return found;
  }

  /** Where so many rows from the start of a page end; undefined if the log ends first. */
  #edge({ direction, start }: HistoryRequest, rows: number): number | undefined {
    const [side, order] = direction === "older" ? ["<", "DESC"] : [">", "ASC"];
    const from = start?.timestamp ?? (direction === "older" ? Number.MAX_SAFE_INTEGER : 0);
    const [row] = this.#sql
      .exec<{ timestamp: number }>(
        `SELECT timestamp FROM messages WHERE timestamp ${side}= ? ORDER BY timestamp ${order} LIMIT 1 OFFSET ?`,
        from,
        rows,
      )
      .toArray();
    return row?.timestamp;
  }

  /** What of a page is found before an edge, or at it, in the page's direction. */
  #pageUntil(
    request: HistoryRequest,
    clientId: string | undefined,
    edge: number | undefined,
    room: Room,
  ): MessageRecord[] {
    const older = request.direction === "older";
    const conditions: string[] = [clientId === undefined ? NOT_DELETED : VISIBLE_TO];
    const bindings: (string | number)[] = clientId === undefined ? [] : [clientId, clientId];
    const bound = (point: HistoryPoint | undefined, side: "<" | ">") => {
      if (point === undefined) return;
      const orEqual = point.inclusive ? "=" : "";
      if (point.messageId === undefined) {
        conditions.push(`timestamp ${side}${orEqual} ?`);
        bindings.push(point.timestamp);
      } else {
        conditions.push(`(timestamp, id) ${side}${orEqual} (?, ?)`);
        bindings.push(point.timestamp, point.messageId);
      }
    };
    bound(request.start, older ? "<" : ">");
    bound(request.end, older ? ">" : "<");
    if (edge !== undefined) {
      bound({ timestamp: edge, messageId: undefined, inclusive: true }, older ? ">" : "<");
    }
    if (request.messageType !== undefined) {
      conditions.push(
        "CASE WHEN typeof(content) = 'text' AND json_valid(content) THEN json_extract(content, '$._lctype') = ? END",
      );
      bindings.push(request.messageType);
    }
    const rows = this.#sql.exec<Row & { size: number }>(
      `SELECT ${COLUMNS}, octet_length(content) AS size FROM messages WHERE ${conditions.join(" AND ")} ` +
        `ORDER BY timestamp ${older ? "DESC" : "ASC"} LIMIT ?`,
      ...bindings,
      request.limit,
    );
    const found: MessageRecord[] = [];
    // One by one, so that no more is read than fits.
    for (const row of rows) {
      room.take(row.size);
      found.push(toMessage(row));
      if (room.isFull) break;
    }
    return found;
  }
}

/** What of a page for a client has room in one answer (I13). */
class Room {
  #bytes = 0;
  #messages = 0;

  take(bytes: number): void {
    this.#bytes += bytes;
    this.#messages += 1;
  }

  get isFull(): boolean {
    return this.#messages >= HISTORY_ANSWER.messages && this.#bytes >= HISTORY_ANSWER.bytes;
  }
}

/** The app's server has what it asks for: who copies everything takes a short page for the last one. */
class Unbounded extends Room {
  override get isFull(): boolean {
    return false;
  }
}

/** Whether nothing of a page can be beyond this time. */
function isPast(time: number, { direction, end }: HistoryRequest): boolean {
  if (end === undefined) return false;
  return direction === "older" ? time < end.timestamp : time > end.timestamp;
}
