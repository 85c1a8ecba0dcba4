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

/** The frame with the receiver's field (`clientIdField`) at its end. */
export function addressed(frame: Uint8Array, field: Uint8Array): Uint8Array {
  const whole = new Uint8Array(frame.length + field.length);
  whole.set(frame);
  whole.set(field, frame.length);
  return whole;
}
