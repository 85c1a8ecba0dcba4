import { HISTORY_ANSWER, HISTORY_ROWS, LOG_ROWS, PARSED_ROWS } from "../../bounds.ts";
import type { MessageRecord } from "../../model/records.ts";
import type { HistoryPoint } from "../../protocol/commands.ts";
import type { Sql } from "../../sql.ts";
import { COLUMNS, placeOf, type Row, toMessage } from "./message-rows.ts";
import type { ReadableFrom } from "./readable-from.ts";
import { READABLE, VISIBLE_TO } from "./visibility.ts";

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
  readonly #readableFrom: ReadableFrom;

  constructor(sql: Sql, readableFrom: ReadableFrom) {
    this.#sql = sql;
    this.#readableFrom = readableFrom;
  }

  /**
   * A page of history, always ascending (wire §4.9). `older` takes the messages nearest before the start, `newer` the
   * nearest after it; the end bounds both. Matching messages may be far back or missing, so the search yields after
   * every slice of rows and stops after `HISTORY_ROWS`.
   *
   * @param clientId the viewer; undefined for the app's server, which sees messages for some recipients too
   */
  *inSlices(request: HistoryRequest, clientId: string | undefined): Generator<undefined, MessageRecord[]> {
    const { direction, limit, messageType } = request;
    const older = direction === "older";
    const [first, last] = [request.start, request.end].map((point) => this.#place(point));
    // What is too old is not searched either.
    const end = older ? this.#readable(last) : last;
    const found: MessageRecord[] = [];
    const budget = clientId === undefined ? new UnlimitedBudget() : new AnswerBudget();
    let start = older ? first : this.#readable(first);
    // Usually every row matches, and the first slice is enough.
    let rows = limit;
    for (let searched = 0; searched < HISTORY_ROWS; searched += rows) {
      if (searched > 0) {
        rows = messageType === undefined ? LOG_ROWS : PARSED_ROWS;
        yield;
      }
      const edge = this.#edge({ ...request, start }, rows);
      const slice = { ...request, start, end, limit: limit - found.length };
      found.push(...this.#pageUntil(slice, clientId, edge, budget));
      if (edge === undefined || found.length >= limit || budget.isFull || isPast(edge, slice)) break;
      start = { timestamp: edge, messageId: undefined, inclusive: false };
    }
    if (older) found.reverse();
    return found;
  }

  /** A message that is named by its id begins or ends a page at its place in the log. */
  #place(point: HistoryPoint | undefined): HistoryPoint | undefined {
    if (point?.messageId === undefined) return point;
    const place = placeOf(this.#sql, point.timestamp, point.messageId);
    return place === undefined ? point : { ...point, timestamp: place, messageId: undefined };
  }

  /** A bound of a page at its older side: there, or where messages begin that may be read. */
  #readable(point: HistoryPoint | undefined): HistoryPoint | undefined {
    const { time } = this.#readableFrom;
    if ((point?.timestamp ?? 0) >= time) return point;
    return { timestamp: time, messageId: undefined, inclusive: true };
  }

  /** Timestamp of the row this many rows from the start; undefined if the log ends before. */
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

  /** The matching messages up to and including the edge, in the page's direction. */
  #pageUntil(
    request: HistoryRequest,
    clientId: string | undefined,
    edge: number | undefined,
    budget: AnswerBudget,
  ): MessageRecord[] {
    const older = request.direction === "older";
    const conditions: string[] = [clientId === undefined ? READABLE : VISIBLE_TO];
    const bindings: (string | number)[] = [this.#readableFrom.time];
    if (clientId !== undefined) bindings.push(clientId, clientId);
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
    // Row by row, so that no more is read than fits.
    for (const row of rows) {
      budget.take(row.size);
      found.push(toMessage(row));
      if (budget.isFull) break;
    }
    return found;
  }
}

/** How much of a page for a client fits into one answer (I13). */
export class AnswerBudget {
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

/** The app's server gets its whole limit: a copying script takes a short page for the last one. */
class UnlimitedBudget extends AnswerBudget {
  override get isFull(): boolean {
    return false;
  }
}

/** Whether the page cannot have messages beyond this time. */
function isPast(time: number, { direction, end }: HistoryRequest): boolean {
  if (end === undefined) return false;
  return direction === "older" ? time < end.timestamp : time > end.timestamp;
}
