import { expect, test } from "vitest";
import { isUseful } from "../../../scripts/runtime-log.ts";

test("runtime messages for its developers and about peers that violate the protocol or break off are not printed", () => {
  const lines = [
    "NOSENTRY SQLite alarm overdue, running despite AlarmManager mismatch; scheduledTime = 1",
    "Uncaught exception: kj/compat/http.c++:6212: failed: WebSocket protocol error; protocolError.statusCode = 1002",
    "Uncaught exception: workerd/jsg/value.h:1511: failed: remote.jsg.Error: passed on no further",
  ];
  expect(lines.map((message) => isUseful({ level: "error", message }))).toEqual([false, false, false]);
});

test("failures in Parley and in the runtime are printed", () => {
  for (const message of [
    "message.send Error: database or disk is full: SQLITE_FULL",
    "*** Received signal #11: Segmentation fault",
  ]) {
    expect(isUseful({ level: "error", message })).toBe(true);
  }
});
