import * as v from "valibot";
import type { Api } from "../moving/api.ts";
import { completeSince, keepsNoList } from "../moving/archive-edge.ts";
import { Refused } from "../moving/failures.ts";
import { MessageRow, ClassRow as Row } from "../moving/format.ts";
import type { ClassName, ClassRow, ClientListName, Message, Side } from "./side.ts";

const PAGE = 1000;
/** A Parley gives no more at once. */
const USERS_PAGE = 100;
/** Ids in one question: they stand in an address. */
const IDS_AT_ONCE = 40;

const Page = v.array(MessageRow);
const Results = v.object({ results: v.array(Row) });
const Count = v.object({ count: v.number() });
const Subscribers = v.array(v.object({ subscriber: v.string() }));
const Clients = v.object({ client_ids: v.array(v.string()), next: v.optional(v.string()) });

const LIST_PATHS = { silences: "permanent-silenceds", blacklists: "blacklists" } satisfies Record<
  Exclude<ClientListName, "subscribers">,
  string
>;

/** A server as one side of a comparison: LeanCloud, or a Parley. */
export class ServerSide implements Side {
  readonly #api: Api;
  /** Chat rooms among the rows that were read; they have paths of their own. */
  readonly #rooms = new Set<string>();
  readonly #services = new Set<string>();

  constructor(api: Api) {
    this.#api = api;
  }

  rows(name: ClassName) {
    return name === "_User" ? this.#users() : this.#rowsOf(name);
  }

  /** A Parley lists them in the order of their ids, and takes no comparison of ids. */
  async *#users(): AsyncGenerator<ClassRow> {
    for (let skip = 0; ; ) {
      const query = { order: "objectId", limit: USERS_PAGE, skip };
      const { results } = v.parse(Results, await this.#api.get("/1.1/users", query));
      yield* results;
      skip += results.length;
      if (results.length === 0) return;
    }
  }

  async *#rowsOf(name: ClassName): AsyncGenerator<ClassRow> {
    for (let after: string | undefined; ; ) {
      const where = after === undefined ? undefined : JSON.stringify({ objectId: { $gt: after } });
      const query = { where, order: "objectId", limit: PAGE };
      const { results } = v.parse(Results, await this.#api.get(`/1.1/classes/${name}`, query));
      this.#noteRooms(results);
      yield* results;
      after = results.at(-1)?.objectId;
      if (results.length < PAGE || after === undefined) return;
    }
  }

  /** Which of these ids the class has. */
  async among(name: ClassName, ids: string[]): Promise<Set<string>> {
    const found = new Set<string>();
    for (let at = 0; at < ids.length; at += IDS_AT_ONCE) {
      const group = ids.slice(at, at + IDS_AT_ONCE);
      const path = name === "_User" ? "/1.1/users" : `/1.1/classes/${name}`;
      const query = { where: JSON.stringify({ objectId: { $in: group } }), limit: USERS_PAGE };
      const { results } = v.parse(Results, await this.#api.get(path, query));
      this.#noteRooms(results);
      for (const { objectId } of results) found.add(objectId);
    }
    return found;
  }

  #noteRooms(rows: ClassRow[]): void {
    for (const { objectId, tr, sys } of rows) {
      if (tr === true) this.#rooms.add(objectId);
      if (sys === true) this.#services.add(objectId);
    }
  }

  #pathOf(conversation: string): string {
    const kind = this.#rooms.has(conversation) ? "chatrooms" : "conversations";
    return `/1.2/rtm/${kind}/${encodeURIComponent(conversation)}`;
  }

  async counts(from: number, until: number): Promise<Map<string, number>> {
    return (await this.#lists(from)) ? this.#countsOfApp(from, until) : this.#countsOfEach(from, until);
  }

  /** Whether the list of all messages goes back to a time (ms). */
  async #lists(from: number): Promise<boolean> {
    try {
      const { headers } = await this.#api.answer("/1.2/rtm/messages", { limit: 1 });
      return completeSince(headers) <= from;
    } catch (error) {
      if (keepsNoList(error)) return false;
      throw error;
    }
  }

  /** By the history of each conversation. */
  async #countsOfEach(from: number, until: number): Promise<Map<string, number>> {
    const counts = new Map<string, number>();
    for await (const { objectId } of this.#rowsOf("_Conversation")) {
      let count = 0;
      for await (const { timestamp } of this.messagesOf(objectId)) {
        if (timestamp < from) break;
        if (timestamp <= until) count += 1;
      }
      if (count > 0) counts.set(objectId, count);
    }
    return counts;
  }

  async #countsOfApp(from: number, until: number): Promise<Map<string, number>> {
    const counts = new Map<string, number>();
    const start = Number.isFinite(until) ? until + 1 : undefined;
    for await (const { to, timestamp } of this.#walk("/1.2/rtm/messages", start)) {
      if (timestamp < from) break;
      counts.set(to, (counts.get(to) ?? 0) + 1);
    }
    return counts;
  }

  async *messagesOf(conversation: string): AsyncGenerator<Message> {
    try {
      // Version 1.2 has the whole history of a service nowhere.
      if (this.#services.has(conversation))
        yield* this.#walk("/1.1/rtm/messages/history", undefined, (before) => {
          return { convid: conversation, max_ts: before };
        });
      else yield* this.#walk(`${this.#pathOf(conversation)}/messages`);
    } catch (error) {
      // A conversation that is not there has no messages.
      if (!(error instanceof Refused) || error.status !== 404) throw error;
    }
  }

  async unreadOf(conversation: string, client: string): Promise<number> {
    const path = `/1.2/rtm/clients/${encodeURIComponent(client)}/unread-count`;
    return v.parse(Count, await this.#api.get(path, { conv_id: conversation })).count;
  }

  /** A server's counts go on: what is compared stands in an export. */
  async *unread() {}

  /** Likewise. */
  async *listed() {}

  /** Likewise. */
  async *broadcasts() {}

  /** A message in the whole history of a service, such as a broadcast to everybody that has ended. */
  async serviceMessage(conversation: string, message: Message): Promise<Message | undefined> {
    const { timestamp, "msg-id": id } = message;
    const query = {
      convid: conversation,
      timestamp: timestamp + 1,
      till_timestamp: timestamp - 1,
      limit: PAGE,
    };
    const page = v.parse(Page, await this.#api.get("/1.1/rtm/messages/history", query));
    return page.find((each) => each["msg-id"] === id);
  }

  /** All who are on a list of a conversation. */
  async clientsOn(list: ClientListName, conversation: string): Promise<Set<string>> {
    if (list === "subscribers") return this.#subscribersOf(conversation);
    const ofService = `/1.2/rtm/service-conversations/${encodeURIComponent(conversation)}`;
    const isService = this.#services.has(conversation);
    const path = `${isService ? ofService : this.#pathOf(conversation)}/${LIST_PATHS[list]}`;
    const clients = new Set<string>();
    for (let next: string | undefined; ; ) {
      const page = v.parse(Clients, await this.#api.get(path, { limit: PAGE, next }));
      for (const client of page.client_ids) clients.add(client);
      next = page.next;
      if (next === undefined) return clients;
    }
  }

  async #subscribersOf(conversation: string): Promise<Set<string>> {
    const path = `/1.2/rtm/service-conversations/${encodeURIComponent(conversation)}/subscribers`;
    const clients = new Set<string>();
    for (let after: string | undefined; ; ) {
      const page = v.parse(Subscribers, await this.#api.get(path, { client_id: after }));
      for (const { subscriber } of page) clients.add(subscriber);
      after = page.at(-1)?.subscriber;
      if (after === undefined) return clients;
    }
  }

  /** Who is in a conversation, and who created it; a room has no members. */
  async peopleOf(
    conversation: string,
  ): Promise<{ creator: unknown; members: Set<unknown>; isRoom: boolean }> {
    const where = JSON.stringify({ objectId: conversation });
    const { results } = v.parse(Results, await this.#api.get("/1.1/classes/_Conversation", { where }));
    const [row] = results;
    return {
      creator: row?.c,
      members: new Set(Array.isArray(row?.m) ? row.m : []),
      isRoom: row?.tr === true,
    };
  }

  /**
   * @param before only what was sent before (ms)
   * @param where what is asked beside it, for a page before a time (ms)
   */
  async *#walk(
    path: string,
    before?: number,
    where: (before: number | undefined) => Record<string, string | number | undefined> = () => ({}),
  ): AsyncGenerator<Message> {
    let at: { timestamp?: number | undefined; msgid?: string } = { timestamp: before };
    for (;;) {
      const page = v.parse(Page, await this.#api.get(path, { ...at, ...where(at.timestamp), limit: PAGE }));
      yield* page;
      const last = page.at(-1);
      if (last === undefined) return;
      if (last.timestamp === at.timestamp && last["msg-id"] === at.msgid) return;
      at = { timestamp: last.timestamp, msgid: last["msg-id"] };
    }
  }
}
