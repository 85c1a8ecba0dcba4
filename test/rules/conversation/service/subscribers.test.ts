import { expect, test } from "vitest";
import { conversationTables } from "../../../../src/conversation/conversation-tables.ts";
import { ConversationState } from "../../../../src/conversation/state.ts";
import type { MessageRecord } from "../../../../src/model/records.ts";
import { MemorySql } from "../../../support/sqlite.ts";

/** What a service with many subscribers writes and reads. */

const MANY = 10_000;

/** A storage that counts its statements. */
class CountingSql extends MemorySql {
  statements = 0;
  override exec: MemorySql["exec"] = (query, ...bindings) => {
    this.statements += 1;
    return super.exec(query, ...bindings);
  };
}

function crowdedService() {
  const sql = new CountingSql();
  const state = ConversationState.create(conversationTables(sql), {
    id: "65537a0e0000000000000001",
    kind: "system",
    name: "News",
    creator: "",
    members: [],
    muted: [],
    attributes: {},
    columns: {},
    unique: false,
    uniqueId: undefined,
    createdAt: 1,
    updatedAt: 1,
    lastMessageAt: undefined,
    timeToLive: undefined,
  });
  const { service } = state;
  if (service === undefined) throw new Error("no service");
  service.subscribers.add(Array.from({ length: MANY }, (_, at) => ({ clientId: `reader-${at}`, since: 10 })));
  const append = (timestamp: number, more: Partial<MessageRecord> = {}) => {
    const message: MessageRecord = {
      timestamp,
      id: `m${timestamp}`,
      from: "news",
      content: "hello",
      mentionAll: false,
      mentions: [],
      receipt: false,
      patchedAt: undefined,
      recalled: false,
      recipients: undefined,
      address: undefined,
      deleted: false,
      ...more,
    };
    state.log.append(message, undefined, 0);
    service.added(message, message.recipients === undefined ? { to: "subscribers" } : undefined);
  };
  const unread = (clientId: string) =>
    service.views.unread({ clientId, now: 1_000, globalsAfter: Number.MAX_SAFE_INTEGER }, 0, 1_000).count;
  /** How many statements something takes. */
  const cost = (run: () => void) => {
    const before = sql.statements;
    run();
    return sql.statements - before;
  };
  const rows = (table: string) => sql.exec<{ n: number }>(`SELECT count(*) AS n FROM ${table}`).one().n;
  return { state, service, append, unread, cost, rows };
}

test("[V-02] with ten thousand subscribers, a broadcast, a subscription, a count and a login cost what they cost with one", () => {
  const { service, append, unread, cost, rows } = crowdedService();
  expect(rows("subscribers")).toBe(MANY);
  append(15);
  const before = rows("messages") + rows("audiences");
  expect(cost(() => append(20))).toBeLessThanOrEqual(3);
  expect(rows("messages") + rows("audiences") - before).toBe(2);
  expect(cost(() => service.subscribers.add([{ clientId: "tom", since: 30 }]))).toBeLessThanOrEqual(3);
  expect(cost(() => service.subscribers.count)).toBe(1);
  expect(service.subscribers.count).toBe(MANY + 1);
  expect(cost(() => unread("reader-7"))).toBeLessThanOrEqual(4);
  expect([unread("reader-7"), unread("tom"), unread("nobody")]).toEqual([2, 0, 0]);
});

test("[V-05] one client's history costs the same, however much others wrote", () => {
  const { service, append, unread, cost } = crowdedService();
  for (let at = 0; at < 200; at += 1) append(100 + at, { from: `reader-${at}`, recipients: [] });
  append(400, { recipients: ["tom"] });
  const request = {
    direction: "older",
    start: undefined,
    end: undefined,
    limit: 20,
    messageType: undefined,
  } as const;
  let page: MessageRecord[] = [];
  const read = () => {
    const slice = service.views.history(request, "tom", false).next();
    page = slice.done ? slice.value : [];
  };
  expect(cost(read)).toBeLessThanOrEqual(6);
  expect(page.map(({ timestamp }) => timestamp)).toEqual([400]);
  expect(unread("tom")).toBe(1);
});

test("[V-08] subscribers are paged in the order of their ids, each once", () => {
  const { service } = crowdedService();
  const seen: string[] = [];
  for (let page = service.subscribers.page(undefined, 500); page.length > 0; ) {
    seen.push(...page.map(({ clientId }) => clientId));
    page = service.subscribers.page(seen.at(-1), 500);
  }
  expect(seen.length).toBe(MANY);
  expect(seen).toEqual([...new Set(seen)].sort());
});
