/**
 * What objects send the gateway over links: one internal frame carries any number of records, so that a busy
 * conversation pays for one write where it would pay for many (docs/architecture.md, "Broadcast").
 *
 * Layout, big-endian: kind (1 byte), payload length (4), then by kind
 * - stored: timestamp (8, float64 ms), origin link number (4), payload = a push without `peerId`
 * - push:   payload = a push without `peerId`
 * - reply:  serial (4, signed), accepted timestamp or 0 (8, float64 ms), payload = a reply without `peerId`
 * - cold:   conversation id length (2), the id, payload = an inner frame of records
 * - control: payload = JSON
 */
export type LinkRecord =
  | { kind: "stored"; timestamp: number; origin: number; payload: Uint8Array }
  | { kind: "push"; payload: Uint8Array }
  | { kind: "reply"; serial: number; accepted: number; payload: Uint8Array }
  | { kind: "cold"; conversationId: string; payload: Uint8Array }
  | { kind: "control"; payload: Uint8Array };

const STORED = 1;
const PUSH = 2;
const REPLY = 3;
const COLD = 4;
const CONTROL = 5;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** No link: the record came from no session (a system message, an import). */
export const NO_ORIGIN = 0;

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

/** A message of the log. `origin` is the link it was sent on: that session has its ack and skips the copy. */
export function storedRecord(timestamp: number, origin: number, payload: Uint8Array): Uint8Array {
  const { bytes, view } = record(STORED, 12, payload);
  view.setFloat64(5, timestamp);
  view.setUint32(13, origin);
  return bytes;
}

/** Anything pushed that is not a message of the log: membership, receipts, transient messages. */
export function pushRecord(payload: Uint8Array): Uint8Array {
  return record(PUSH, 0, payload).bytes;
}

/**
 * The one answer to the request with this serial. `accepted` is the timestamp a sent message was given, when its
 * own session has seen the conversation up to there; negative, when something before it is still to come.
 */
export function replyRecord(serial: number, payload: Uint8Array, accepted = 0): Uint8Array {
  const { bytes, view } = record(REPLY, 12, payload);
  view.setInt32(5, serial);
  view.setFloat64(9, accepted);
  return bytes;
}

/** Records of one conversation travelling over a session link (the cold lane). */
export function coldRecord(conversationId: string, frame: Uint8Array): Uint8Array {
  const id = encoder.encode(conversationId);
  const { bytes, view } = record(COLD, 2 + id.length, frame);
  view.setUint16(5, id.length);
  bytes.set(id, 7);
  return bytes;
}

/** A word between an object and the gateway; `C` is the union of what that link says. */
export function controlRecord<C>(control: C): Uint8Array {
  return record(CONTROL, 0, encoder.encode(JSON.stringify(control))).bytes;
}

/** Several records or frames as one frame; one of them is returned as it is. */
export function joinRecords(parts: readonly Uint8Array[]): Uint8Array {
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return only;
  let length = 0;
  for (const part of parts) length += part.length;
  const joined = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/** The records of an internal frame. Payloads are views into it. Throws on a frame we did not write. */
export function readRecords(frame: Uint8Array): LinkRecord[] {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  const records: LinkRecord[] = [];
  let at = 0;
  while (at < frame.length) {
    const kind = view.getUint8(at);
    const length = view.getUint32(at + 1);
    const header = at + 5;
    switch (kind) {
      case STORED:
        at = header + 12 + length;
        records.push({
          kind: "stored",
          timestamp: view.getFloat64(header),
          origin: view.getUint32(header + 8),
          payload: frame.subarray(header + 12, at),
        });
        break;
      case PUSH:
        at = header + length;
        records.push({ kind: "push", payload: frame.subarray(header, at) });
        break;
      case REPLY:
        at = header + 12 + length;
        records.push({
          kind: "reply",
          serial: view.getInt32(header),
          accepted: view.getFloat64(header + 4),
          payload: frame.subarray(header + 12, at),
        });
        break;
      case COLD: {
        const idEnd = header + 2 + view.getUint16(header);
        at = idEnd + length;
        records.push({
          kind: "cold",
          conversationId: decoder.decode(frame.subarray(header + 2, idEnd)),
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

/** The word in a control record, as the other end of the link wrote it. */
export function readControl<C>(payload: Uint8Array): C {
  return JSON.parse(decoder.decode(payload));
}
