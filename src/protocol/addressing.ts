/**
 * A frame is encoded once and addressed many times. A protobuf message followed by one more of its fields is that
 * message with the field set, so adding `peerId` is a concatenation (wire §5: every event names its receiver).
 */

/** Field 4 (`peerId`), length-delimited. */
const TAG = (4 << 3) | 2;

const encoder = new TextEncoder();

/** The bytes that address a frame to `clientId`; kept as long as the session lives. */
export function clientIdField(clientId: string): Uint8Array {
  const id = encoder.encode(clientId);
  const head = [TAG];
  let length = id.length;
  while (length > 0x7f) {
    head.push((length & 0x7f) | 0x80);
    length >>>= 7;
  }
  head.push(length);
  const field = new Uint8Array(head.length + id.length);
  field.set(head);
  field.set(id, head.length);
  return field;
}

/** Bytes that are allocated at once for many small frames: allocating each costs more than writing it. */
const BLOCK = 32 * 1024;
/** A longer frame has bytes of its own. */
const SMALL = 2 * 1024;

let block = new Uint8Array(BLOCK);
let used = 0;

/**
 * The frame with the receiver's field (`clientIdField`) at its end. The result is a view: its buffer has other frames
 * too.
 */
export function addressed(frame: Uint8Array, field: Uint8Array): Uint8Array {
  const length = frame.length + field.length;
  const whole = length > SMALL ? new Uint8Array(length) : viewOf(length);
  whole.set(frame);
  whole.set(field, frame.length);
  return whole;
}

/** Bytes that nothing else uses. */
function viewOf(length: number): Uint8Array {
  if (used + length > BLOCK) {
    block = new Uint8Array(BLOCK);
    used = 0;
  }
  const view = new Uint8Array(block.buffer, used, length);
  used += length;
  return view;
}
