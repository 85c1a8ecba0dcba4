import { expect, test } from "vitest";
import { Session } from "../../../src/client/session.ts";
import { Sessions } from "../../../src/client/sessions.ts";
import { catchUpModes } from "../../../src/protocol/link-controls.ts";

const NOW = 1_800_000_000_000; // ms

/** A session of Tom that is logged in. */
function session(sessionId: string): Session {
  const identity = {
    clientId: "tom",
    sessionId,
    connectionId: sessionId,
    mode: catchUpModes.COUNTS,
    address: undefined,
  };
  return new Session({ send: () => {}, serializeAttachment: () => {} }, identity, {
    phase: "open",
    tag: undefined,
    deviceId: sessionId,
    openedAt: NOW,
    pushDevice: undefined,
    capabilities: 0,
    proven: false,
    known: { unread: undefined, reads: undefined, patches: undefined },
    announced: false,
    subscriptions: [],
    behind: [],
  });
}

test("[L2.2] reports of the same sessions have the same time, and a later one once they change", () => {
  const phone = session("phone");
  const open = [phone];
  const sessions = new Sessions(
    () => open,
    () => NOW,
  );
  const first = sessions.report();
  expect(sessions.report()).toEqual(first);
  open.push(session("tablet"));
  const second = sessions.report();
  expect(second.ids).toEqual(["phone", "tablet"]);
  expect(second.asOf).toBeGreaterThan(first.asOf);
  open.splice(0, 1, session("laptop"));
  expect(sessions.report().asOf).toBeGreaterThan(second.asOf);
});

test("[L2.2] a session that is logging in is in no report", () => {
  const phone = session("phone");
  phone.state = { phase: "connecting" };
  const sessions = new Sessions(
    () => [phone],
    () => NOW,
  );
  expect(sessions.report().ids).toEqual([]);
});
