/**
 * What objects send the gateway over links. One internal frame carries any number of records, so that a busy
 * conversation pays for one write instead of many (docs/paths.md).
 *
 * Layout, big-endian: kind (1 byte), payload length (4), then by kind
 * - stored: timestamp (8, float64 ms), timestamp of the entry before it or 0 (8), origin (8), flags (1), payload = an
 *   event without `peerId`, empty if the client may not see the entry
 * - event: payload = an event without `peerId`
 * - correction: the same, for devices that can show patches: how the app's policy changed their own message
 * - notice: time (8), payload = an event without `peerId`, empty if the session has it
 * - unread: the end of the log that it counts up to (8), when the count changed (8), payload = the same, for pull
 *   sessions only
 * - reply: serial (4, signed), accepted timestamp or 0 (8), that of the message before it (8), payload = a reply
 *   without `peerId`
 * - missed: conversation id length (2), the id, payload = an event without `peerId`
 * - wake: entries after this time may be new (8, NaN for none), the same for notices (8), then as `missed`, payload = an
 *   inner frame of records
 * - control: payload = JSON
 */
export type LinkRecord =
  | ({ kind: "stored"; origin: number; traits: Readonly<StoredTraits>; payload: Uint8Array } & LogPosition)
  | { kind: "event" | "correction"; payload: Uint8Array }
  | { kind: "notice"; at: number; payload: Uint8Array }
  | ({ kind: "unread"; payload: Uint8Array } & CountPosition)
  | { kind: "reply"; serial: number; accepted: LogPosition | undefined; payload: Uint8Array }
  | { kind: "missed"; conversationId: string; payload: Uint8Array }
  | ({ kind: "wake"; conversationId: string; payload: Uint8Array } & WakePositions)
  | { kind: "control"; payload: Uint8Array };

/**
 * The position of an unread count: the end of the log that it counts up to, and when it last changed other than by
 * growing (ms).
 */
export interface CountPosition {
  upTo: number;
  changedAt: number;
}

/**
 * From where on (ms) a session that is woken may lack something of a conversation. Its own positions, if it has any, are
 * more exact.
 */
export interface WakePositions {
  /** Entries of the log after this; undefined if none. */
  since: number | undefined;
  noticesAfter: number | undefined;
}

/** What a gateway needs of an entry of the log without parsing its event. */
export interface StoredTraits {
  /** An edit or recall: only for devices that can show one (capability bit 0). */
  patch: boolean;
  /** The conversation needs an acknowledgement of this message. The gateway forwards no others. */
  acknowledge: boolean;
  /** SDKs do not acknowledge it, and nobody needs that they do: a message in a room. */
  unconfirmed: boolean;
}

/**
 * The position of an entry in the log. It names its predecessor, so that a session that missed that one finds the gap.
 */
export interface LogPosition {
  timestamp: number;
  /** 0 for the first. */
  previous: number;
}

const STORED = 1;
const EVENT = 2;
const REPLY = 3;
const WAKE = 4;
const CONTROL = 5;
const UNREAD = 6;
const MISSED = 7;
const NOTICE = 8;
const CORRECTION = 9;

const PATCH_FLAG = 1;
const ACKNOWLEDGE_FLAG = 2;
const UNCONFIRMED_FLAG = 4;

function flagsOf({ patch, acknowledge, unconfirmed }: Partial<StoredTraits>): number {
  return (
    (patch ? PATCH_FLAG : 0) | (acknowledge ? ACKNOWLEDGE_FLAG : 0) | (unconfirmed ? UNCONFIRMED_FLAG : 0)
  );
}

function traitsIn(flags: number): Readonly<StoredTraits> {
  return {
    patch: (flags & PATCH_FLAG) !== 0,
    acknowledge: (flags & ACKNOWLEDGE_FLAG) !== 0,
    unconfirmed: (flags & UNCONFIRMED_FLAG) !== 0,
  };
}

/** The traits by their flags, for the many records of a room. */
const TRAITS: readonly Readonly<StoredTraits>[] = Array.from({ length: 8 }, (_, flags) => traitsIn(flags));

const encoder = new TextEncoder();
const decoder = new TextDecoder();

function record(
  kind: number,
  headerBytes: number,
  payload: Uint8Array,
): { bytes: Uint8Array; view: DataView } {
  const bytes = new Uint8Array(5 + headerBytes + payload.length);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, kind);
  view.setUint32(1, payload.length);
  bytes.set(payload, 5 + headerBytes);
  return { bytes, view };
}

/** An entry of the log. `origin` is the session that made it, which has its answer and skips the copy. */
export function storedRecord(
  position: LogPosition,
  origin: number,
  traits: Partial<StoredTraits>,
  payload: Uint8Array,
): Uint8Array {
  const { bytes, view } = record(STORED, 25, payload);
  view.setFloat64(5, position.timestamp);
  view.setFloat64(13, position.previous);
  view.setFloat64(21, origin);
  view.setUint8(29, flagsOf(traits));
  return bytes;
}

/** An event that is delivered once or not at all, such as receipts and transient messages. */
export function eventRecord(payload: Uint8Array): Uint8Array {
  return record(EVENT, 0, payload).bytes;
}

/** A patch only for the session whose message it changes, delivered once or not at all (M-18). */
export function correctionRecord(payload: Uint8Array): Uint8Array {
  return record(CORRECTION, 0, payload).bytes;
}

/**
 * A notice of a change in a conversation. It may arrive more than once; a session is sent it once, by its time.
 */
export function noticeRecord(at: number, payload: Uint8Array): Uint8Array {
  const { bytes, view } = record(NOTICE, 8, payload);
  view.setFloat64(5, at);
  return bytes;
}

/** An unread count. It is dropped for `.1` sessions (wire §5.5b), and for those that have it or have seen more. */
export function unreadRecord(position: CountPosition, payload: Uint8Array): Uint8Array {
  const { bytes, view } = record(UNREAD, 16, payload);
  view.setFloat64(5, position.upTo);
  view.setFloat64(13, position.changedAt);
  return bytes;
}

/** The only reply to the request with this serial. `accepted` is the position of a message that was just sent. */
export function replyRecord(serial: number, payload: Uint8Array, accepted?: LogPosition): Uint8Array {
  const { bytes, view } = record(REPLY, 20, payload);
  view.setInt32(5, serial);
  view.setFloat64(9, accepted?.timestamp ?? 0);
  view.setFloat64(17, accepted?.previous ?? 0);
  return bytes;
}

/** Wakes a session for a conversation, sent over a session link, with events that are in no log. */
export function wakeRecord(
  conversationId: string,
  { since = Number.NaN, noticesAfter = Number.NaN }: Partial<WakePositions>,
  frame: Uint8Array,
): Uint8Array {
  const id = encoder.encode(conversationId);
  const { bytes, view } = record(WAKE, 18 + id.length, frame);
  view.setFloat64(5, since);
  view.setFloat64(13, noticesAfter);
  view.setUint16(21, id.length);
  bytes.set(id, 23);
  return bytes;
}

/**
 * A message that a `.1` device missed, whatever it has seen since. It is sent again until it is acknowledged (Y-02).
 */
export function missedRecord(conversationId: string, payload: Uint8Array): Uint8Array {
  const id = encoder.encode(conversationId);
  const { bytes, view } = record(MISSED, 2 + id.length, payload);
  view.setUint16(5, id.length);
  bytes.set(id, 7);
  return bytes;
}

/** A control message of an object to the gateway. `C` is the union of the messages on that kind of link. */
export function controlRecord<C>(control: C): Uint8Array {
  return record(CONTROL, 0, encoder.encode(JSON.stringify(control))).bytes;
}

/** Joins several records or frames into one frame. A single one is returned as it is. */
export function joinRecords(parts: readonly Uint8Array[]): Uint8Array {
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return only;
  const joined = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/** The records of an internal frame. Payloads are views into it. Throws on a frame that was not written here. */
export function readRecords(frame: Uint8Array): LinkRecord[] {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  const records: LinkRecord[] = [];
  let at = 0;
  while (at < frame.length) {
    const kind = view.getUint8(at);
    const length = view.getUint32(at + 1);
    const header = at + 5;
    switch (kind) {
      case STORED: {
        at = header + 25 + length;
        const flags = view.getUint8(header + 24);
        records.push({
          kind: "stored",
          timestamp: view.getFloat64(header),
          previous: view.getFloat64(header + 8),
          origin: view.getFloat64(header + 16),
          traits: TRAITS[flags] ?? traitsIn(flags),
          payload: frame.subarray(header + 25, at),
        });
        break;
      }
      case EVENT:
      case CORRECTION:
        at = header + length;
        records.push({ kind: kind === EVENT ? "event" : "correction", payload: frame.subarray(header, at) });
        break;
      case NOTICE:
        at = header + 8 + length;
        records.push({
          kind: "notice",
          at: view.getFloat64(header),
          payload: frame.subarray(header + 8, at),
        });
        break;
      case UNREAD:
        at = header + 16 + length;
        records.push({
          kind: "unread",
          upTo: view.getFloat64(header),
          changedAt: view.getFloat64(header + 8),
          payload: frame.subarray(header + 16, at),
        });
        break;
      case REPLY: {
        at = header + 20 + length;
        const timestamp = view.getFloat64(header + 4);
        records.push({
          kind: "reply",
          serial: view.getInt32(header),
          accepted: timestamp === 0 ? undefined : { timestamp, previous: view.getFloat64(header + 12) },
          payload: frame.subarray(header + 20, at),
        });
        break;
      }
      case MISSED: {
        const idEnd = header + 2 + view.getUint16(header);
        at = idEnd + length;
        records.push({
          kind: "missed",
          conversationId: decoder.decode(frame.subarray(header + 2, idEnd)),
          payload: frame.subarray(idEnd, at),
        });
        break;
      }
      case WAKE: {
        const idEnd = header + 18 + view.getUint16(header + 16);
        at = idEnd + length;
        records.push({
          kind: "wake",
          since: optional(view.getFloat64(header)),
          noticesAfter: optional(view.getFloat64(header + 8)),
          conversationId: decoder.decode(frame.subarray(header + 18, idEnd)),
          payload: frame.subarray(idEnd, at),
        });
        break;
      }
      case CONTROL:
        at = header + length;
        records.push({ kind: "control", payload: frame.subarray(header, at) });
        break;
      default:
        throw new Error(`unknown link record ${kind}`);
    }
  }
  return records;
}

function optional(time: number): number | undefined {
  return Number.isNaN(time) ? undefined : time;
}

/** The control message in a control record, as the other end of the link wrote it. */
export function readControl<C>(payload: Uint8Array): C {
  return JSON.parse(decoder.decode(payload));
}
