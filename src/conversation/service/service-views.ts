import { HISTORY_ROWS, LOG_ROWS, PARSED_ROWS, UNREAD_ROWS } from "../../bounds.ts";
import type { MessageRecord } from "../../model/records.ts";
import type { HistoryPoint } from "../../protocol/commands.ts";
import type { ConversationTables } from "../conversation-tables.ts";
import { AnswerBudget, type HistoryRequest } from "../log/history-pages.ts";
import type { Entry, Log } from "../log/log.ts";
import { MENTION_ALL } from "../log/message-rows.ts";
import { READABLE } from "../log/visibility.ts";
import { Audiences, type EntryPlace, EVERYBODY, type Range, SUBSCRIBERS } from "./audiences.ts";
import type { GlobalBroadcasts } from "./global-broadcasts.ts";
import { HiddenBroadcasts } from "./hidden-broadcasts.ts";
import type { Subscribers } from "./subscribers.ts";

/** A client that looks at a service conversation, now (ms). */
export interface Viewer {
  clientId: string;
  now: number;
  /** Broadcasts to everybody up to this time (ms) are older than the client, and no news to it. */
  globalsAfter: number;
}

/** Entries looked at for the newest that is not deleted. */
const LAST_LOOKED_AT = 100;

/**
 * What one client sees of a service conversation: what it wrote, what was sent to it, broadcasts to subscribers since it
 * subscribed, and broadcasts to everybody. Every method finds that by the index of audiences.
 */
export class ServiceViews {
  readonly audiences: Audiences;
  readonly #tables: ConversationTables;
  readonly #log: Log;
  readonly #subscribers: Subscribers;
  readonly #globals: GlobalBroadcasts;
  readonly #hidden: HiddenBroadcasts;

  constructor(tables: ConversationTables, log: Log, subscribers: Subscribers, globals: GlobalBroadcasts) {
    this.audiences = new Audiences(tables);
    this.#tables = tables;
    this.#log = log;
    this.#subscribers = subscribers;
    this.#globals = globals;
    this.#hidden = new HiddenBroadcasts(tables);
  }

  /** What is news to a client where it did not read it yet, beside broadcasts to everybody. */
  #news(clientId: string): Range[] {
    const since = this.#subscribers.since(clientId);
    const own = { audience: clientId, after: 0 };
    return since === undefined ? [own] : [own, { audience: SUBSCRIBERS, after: since }];
  }

  /** What a client may read in history. @param sinceJoining whether not what was broadcast before it subscribed */
  #readable(clientId: string, sinceJoining: boolean): Range[] {
    const since = this.#subscribers.since(clientId);
    const ranges = [
      { audience: clientId, after: 0 },
      { audience: EVERYBODY, after: 0 },
    ];
    if (since !== undefined) ranges.push({ audience: SUBSCRIBERS, after: sinceJoining ? since : 0 });
    return ranges;
  }

  /** Number of messages from others in (after, upTo] that are news to a client, and whether one mentions it. */
  unread(viewer: Viewer, after: number, upTo: number): { count: number; mentioned: boolean } {
    const { clientId } = viewer;
    const hidden = JSON.stringify([...this.#hidden.of(clientId)]);
    let count = 0;
    let mentioned = false;
    for (const range of this.#news(clientId)) {
      const [found] = this.#tables.read<{ count: number; mentioned: number }>(
        "audiences",
        "SELECT count(*) AS count, count(*) FILTER (WHERE flags & ? OR (instr(mentions, ?) AND " +
          "? IN (SELECT value FROM json_each(mentions)))) AS mentioned FROM (SELECT timestamp FROM audiences " +
          "WHERE audience = ? AND at > ? AND at <= ? AND at = timestamp ORDER BY at DESC LIMIT ?) " +
          `JOIN messages USING (timestamp) WHERE sender <> ? AND ${READABLE} ` +
          "AND timestamp NOT IN (SELECT value FROM json_each(?))",
        MENTION_ALL,
        JSON.stringify(clientId),
        clientId,
        range.audience,
        Math.max(after, range.after),
        upTo,
        UNREAD_ROWS,
        clientId,
        this.#log.readableFrom.time,
        hidden,
      );
      count += found?.count ?? 0;
      mentioned ||= (found?.mentioned ?? 0) > 0;
    }
    for (const { mentionAll, mentions } of this.#globalNews(viewer, after, upTo)) {
      count += 1;
      mentioned ||= mentionAll || mentions.includes(clientId);
    }
    return { count, mentioned };
  }

  /** The broadcasts to everybody in (after, upTo] that have not ended and are news to a client, oldest first. */
  #globalNews({ clientId, now, globalsAfter }: Viewer, after: number, upTo: number): MessageRecord[] {
    const from = Math.max(after, globalsAfter);
    const places = this.#globals
      .validAt(now)
      .filter(({ timestamp }) => timestamp > from && timestamp <= upTo)
      .map(({ timestamp }) => timestamp);
    return this.#log.atAll(places).filter((message) => message.from !== clientId);
  }

  /** The newest messages from others in (after, upTo] that are news to a client, oldest first, and whether there are more. */
  newestFromOthers(
    viewer: Viewer,
    after: number,
    upTo: number,
    limit: number,
  ): { messages: MessageRecord[]; more: boolean } {
    const found = this.#globalNews(viewer, after, upTo);
    let before = upTo;
    let more = false;
    for (let looked = 0; ; looked += LAST_LOOKED_AT) {
      const page = this.audiences.newest(
        this.#news(viewer.clientId),
        { after, upTo: before },
        LAST_LOOKED_AT,
        "messages",
      );
      found.push(...this.#messages(page, viewer.clientId).filter(({ from }) => from !== viewer.clientId));
      const [first] = page;
      if (first === undefined || page.length < LAST_LOOKED_AT) break;
      more = found.length > limit || looked >= LOG_ROWS;
      if (more) break;
      before = first.at - 1;
    }
    const sorted = found.sort((a, b) => a.timestamp - b.timestamp);
    return { messages: sorted.slice(-limit), more: more || sorted.length > limit };
  }

  /** The newest message up to a time that is news to a client, read or not; undefined if there is none. */
  lastNews(viewer: Viewer, upTo: number): MessageRecord | undefined {
    const range = this.#newestOf(this.#news(viewer.clientId), upTo, viewer.clientId);
    const global = this.#globalNews(viewer, 0, upTo).at(-1);
    if (range === undefined || global === undefined) return range ?? global;
    return range.timestamp > global.timestamp ? range : global;
  }

  /** The newest message that a client may read. */
  lastReadable(clientId: string, sinceJoining: boolean): MessageRecord | undefined {
    return this.#newestOf(this.#readable(clientId, sinceJoining), this.#log.end, clientId);
  }

  #newestOf(ranges: readonly Range[], upTo: number, clientId: string): MessageRecord | undefined {
    const places = this.audiences.newest(ranges, { after: 0, upTo }, LAST_LOOKED_AT, "messages");
    return this.#messages(places, clientId).at(-1);
  }

  /** The latest changes after a time, up to another, of messages that are news to a client, oldest first. */
  patchedAfter(clientId: string, after: number, upTo: number, limit: number): MessageRecord[] {
    if (after >= this.#log.patchedAt) return [];
    const places = this.audiences.newest(this.#news(clientId), { after, upTo }, limit, "patches");
    const hidden = this.#hidden.of(clientId);
    return places.flatMap((place) => {
      const message = hidden.has(place.timestamp) ? undefined : this.#log.at(place.timestamp);
      return message?.patchedAt === place.at ? [message] : [];
    });
  }

  /** When a message was last changed that is for this client alone (ms); 0 if none was. */
  dialoguePatchedAt(clientId: string): number {
    const own = [{ audience: clientId, after: 0 }];
    if (this.#log.patchedAt === 0) return 0;
    return this.audiences.newest(own, { after: 0, upTo: this.#log.end }, 1, "patches").at(-1)?.at ?? 0;
  }

  /** Entries after a time that a client is sent by a subscription, oldest first; those that show nothing are left out. */
  entriesAfter(
    clientId: string,
    after: number,
    limit: number,
  ): { entries: Entry[]; end: number | undefined } {
    const bounds = { after, upTo: Number.MAX_SAFE_INTEGER };
    const places = this.audiences.oldest(this.#news(clientId), bounds, limit, "all");
    const hidden = this.#hidden.of(clientId);
    const entries = places.flatMap((place): Entry[] => {
      const { at, timestamp } = place;
      const message = hidden.has(timestamp) ? undefined : this.#log.at(timestamp);
      if (message === undefined) return [];
      const kind = at === timestamp ? "message" : "patch";
      if (kind === "patch" && message.patchedAt !== at) return [];
      return [{ at, kind, message, origin: kind === "message" ? this.#log.originOf(timestamp) : 0 }];
    });
    return { entries, end: places.length < limit ? undefined : places.at(-1)?.at };
  }

  /** A page of what a client may read, ascending, as `HistoryPages.inSlices`. */
  history(
    request: HistoryRequest,
    clientId: string,
    sinceJoining: boolean,
  ): Generator<undefined, MessageRecord[]> {
    return this.#pages(request, this.#readable(clientId, sinceJoining), clientId);
  }

  /** The same for the app's server: without broadcasts to everybody. */
  dialogue(request: HistoryRequest, clientId: string): Generator<undefined, MessageRecord[]> {
    const ranges = this.#readable(clientId, false).filter(({ audience }) => audience !== EVERYBODY);
    return this.#pages(request, ranges, clientId);
  }

  *#pages(
    request: HistoryRequest,
    ranges: readonly Range[],
    clientId: string,
  ): Generator<undefined, MessageRecord[]> {
    const { direction, limit, messageType } = request;
    const hidden = this.#hidden.of(clientId);
    const isOlder = direction === "older";
    const [start, end] = [this.#place(request.start), this.#place(request.end)];
    const bounds = {
      after: lowerBound(isOlder ? end : start),
      upTo: upperBound(isOlder ? start : end),
    };
    const budget = new AnswerBudget();
    const found: MessageRecord[] = [];
    let rows = limit;
    for (let searched = 0; searched < HISTORY_ROWS; searched += rows) {
      if (searched > 0) {
        rows = messageType === undefined ? LOG_ROWS : PARSED_ROWS;
        yield;
      }
      const page = isOlder
        ? this.audiences.newest(ranges, bounds, rows, "messages").reverse()
        : this.audiences.oldest(ranges, bounds, rows, "messages");
      for (const { timestamp } of page) {
        if (found.length >= limit || budget.isFull) break;
        const message = this.#log.at(timestamp);
        if (message === undefined || hidden.has(timestamp) || !isOfType(message, messageType)) continue;
        budget.take(message.content.length);
        found.push(message);
      }
      const last = page.at(-1);
      if (last === undefined || page.length < rows || found.length >= limit || budget.isFull) break;
      if (isOlder) bounds.upTo = last.at - 1;
      else bounds.after = last.at;
    }
    return isOlder ? found.reverse() : found;
  }

  /** A client reads this broadcast no more. */
  hide(clientId: string, timestamp: number): void {
    this.#hidden.add(clientId, timestamp);
  }

  /** A message that is named by its id begins or ends a page at its place in the log. */
  #place(point: HistoryPoint | undefined): HistoryPoint | undefined {
    if (point?.messageId === undefined) return point;
    const place = this.#log.placeOf(point.timestamp, point.messageId);
    return place === undefined ? point : { ...point, timestamp: place };
  }

  #messages(places: readonly EntryPlace[], clientId: string): MessageRecord[] {
    const hidden = this.#hidden.of(clientId);
    return this.#log
      .atAll(places.map(({ timestamp }) => timestamp))
      .filter(({ timestamp }) => !hidden.has(timestamp));
  }
}

function lowerBound(point: HistoryPoint | undefined): number {
  if (point === undefined) return 0;
  return point.inclusive ? point.timestamp - 1 : point.timestamp;
}

function upperBound(point: HistoryPoint | undefined): number {
  if (point === undefined) return Number.MAX_SAFE_INTEGER;
  return point.inclusive ? point.timestamp : point.timestamp - 1;
}

function isOfType({ content }: MessageRecord, messageType: number | undefined): boolean {
  if (messageType === undefined) return true;
  if (typeof content !== "string") return false;
  try {
    const parsed: { _lctype?: unknown } | null = JSON.parse(content);
    return parsed?._lctype === messageType;
  } catch {
    return false;
  }
}
