import { expect, test } from "vitest";
import {
  SUSPICIOUS_BYTES,
  UNCONFIRMED_BYTES_PER_SOCKET,
  UNREAD_BYTES_OF_ALL,
  UNREAD_BYTES_PER_SOCKET,
} from "../../../../src/bounds.ts";
import { IsolateUnreadBytes, UnreadBytes } from "../../../../src/gateway/limits/unread-bytes.ts";
import { decodeCommand } from "../../../../src/protocol/decode.ts";
import { type CommandInit, encodeCommand } from "../../../support/frames.ts";

const MB = 1024 * 1024;

/** A socket that counts how often it had to close. */
function socket(ofAll = new IsolateUnreadBytes()) {
  const told = { closed: 0 };
  const unread: UnreadBytes = new UnreadBytes(ofAll, () => {
    told.closed += 1;
    unread.close();
  });
  const says = (command: CommandInit) => {
    const decoded = decodeCommand(encodeCommand(command));
    if (decoded === undefined) throw new Error("no command");
    unread.received(decoded);
  };
  return { unread, told, says };
}

const cid = "0".repeat(24);

test("[I13] a socket that shows no sign of reading closes after exactly 16 MB", () => {
  const { unread, told } = socket();
  for (let sent = 0; sent < UNREAD_BYTES_PER_SOCKET; sent += MB) unread.sent(MB);
  expect(told.closed).toBe(0);
  unread.sent(1);
  expect(told.closed).toBe(1);
});

test.each<[string, CommandInit]>([
  ["an acknowledgement by id", { cmd: "ack", ackMessage: { cid, mid: "x".repeat(22) } }],
  ["an acknowledgement by time", { cmd: "ack", ackMessage: { cid, fromts: 1, tots: 2 } }],
  ["a read", { cmd: "read", readMessage: { convs: [{ cid, timestamp: 1 }] } }],
  ["a further page of history", { cmd: "logs", i: 1, logsMessage: { cid, mid: "x".repeat(22), t: 1 } }],
])("%s shows that a device reads", (_, command) => {
  const { unread, told, says } = socket();
  for (let round = 0; round < 100; round += 1) {
    unread.sent(UNREAD_BYTES_PER_SOCKET);
    says(command);
  }
  expect(told.closed).toBe(0);
});

test.each<[string, CommandInit]>([
  ["a heartbeat", { cmd: "echo", i: 1 }],
  ["a first page of history", { cmd: "logs", i: 1, logsMessage: { cid } }],
  ["a query", { cmd: "conv", op: "query", i: 1 }],
])("%s does not show that a device reads", (_, command) => {
  const { unread, told, says } = socket();
  for (let round = 0; round < 20; round += 1) {
    unread.sent(MB);
    says(command);
  }
  expect(told.closed).toBe(1);
});

test("[I13] of many sockets that do not read, the one with the most unread bytes closes first", () => {
  const ofAll = new IsolateUnreadBytes();
  const honest = Array.from({ length: 1_000 }, () => socket(ofAll));
  for (const { unread } of honest) unread.sent(SUSPICIOUS_BYTES);
  const worst = socket(ofAll);
  worst.unread.sent(15 * MB);
  const others = Array.from({ length: 4 }, () => socket(ofAll));
  for (const { unread } of others) unread.sent(12 * MB);
  expect(15 * MB + 4 * 12 * MB).toBeLessThanOrEqual(UNREAD_BYTES_OF_ALL);
  expect(worst.told.closed).toBe(0);
  socket(ofAll).unread.sent(2 * MB);
  expect(worst.told.closed).toBe(1);
  expect([...honest, ...others].every(({ told }) => told.closed === 0)).toBe(true);
});

test("[I13] [R-01] a device that listens to a room is not closed while it sends heartbeats, up to 64 MB", () => {
  const { unread, told, says } = socket();
  for (let sent = 0; sent < UNCONFIRMED_BYTES_PER_SOCKET; sent += MB) {
    unread.sentUnconfirmed(MB);
    says({ cmd: "echo" });
  }
  expect(told.closed).toBe(0);
  unread.sentUnconfirmed(1);
  expect(told.closed).toBe(1);
});

test("[I13] [R-01] a device in a room that sends nothing at all is closed after 16 MB", () => {
  const { unread, told } = socket();
  for (let sent = 0; sent < UNREAD_BYTES_PER_SOCKET; sent += MB) unread.sentUnconfirmed(MB);
  expect(told.closed).toBe(0);
  unread.sentUnconfirmed(1);
  expect(told.closed).toBe(1);
});

test("[I13] [R-01] many devices that listen to rooms do not close each other's sockets", () => {
  const ofAll = new IsolateUnreadBytes();
  const sockets = Array.from({ length: 20 }, () => socket(ofAll));
  for (const { unread } of sockets) unread.sentUnconfirmed(UNREAD_BYTES_OF_ALL / 10);
  expect(sockets.every(({ told }) => told.closed === 0)).toBe(true);
});
