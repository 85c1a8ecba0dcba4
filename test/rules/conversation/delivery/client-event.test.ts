import { expect, test } from "vitest";
import { type ClientEvent, recordsOf } from "../../../../src/conversation/delivery/client-event.ts";
import {
  eventRecord,
  noticeRecord,
  readRecords,
  unreadRecord,
} from "../../../../src/protocol/link-records.ts";

const payload = new Uint8Array([1]);
const notice = (at: number) => noticeRecord(at, false, payload);
const ephemeral: ClientEvent = { ephemeral: eventRecord(payload) };

/** The kinds of the records, notices with their times; the count is read when it is written. */
function kindsOf(events: ClientEvent[], requests: string[] = []): string[] {
  const records = recordsOf(events, (request) => {
    requests.push(request);
    return unreadRecord({ upTo: 1, changedAt: 1 }, payload);
  });
  return records.flatMap((record) =>
    readRecords(record).map((read) => (read.kind === "notice" ? `notice ${read.at}` : read.kind)),
  );
}

test("the notices of a client come in order of time and before its other events", () => {
  expect(kindsOf([notice(30), ephemeral, notice(10), notice(20)])).toEqual([
    "notice 10",
    "notice 20",
    "notice 30",
    "event",
  ]);
});

test("[I5] a client is sent one unread count, after everything that it includes", () => {
  const requests: string[] = [];
  expect(kindsOf(["unread", notice(10), "recount", "unread"], requests)).toEqual(["notice 10", "unread"]);
  expect(requests).toEqual(["unread"]);
});

test("a recount is sent only if no count is requested by a change", () => {
  const requests: string[] = [];
  kindsOf(["recount", "recount"], requests);
  kindsOf(["recount", "unread"], requests);
  expect(requests).toEqual(["recount", "unread"]);
});

test("a client that is no member is sent no count", () => {
  expect(recordsOf(["unread"], () => undefined)).toEqual([]);
});
