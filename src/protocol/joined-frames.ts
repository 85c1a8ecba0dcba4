/** No frame of a client begins with it: it would be the field with number 0. */
const JOINED = 0;
const LENGTH_BYTES = 4;

/** Joins frames of a client into one message on a link, in order. A single one is sent as it is. */
export function joinFrames(frames: readonly Uint8Array[]): Uint8Array {
  const [only] = frames;
  if (only !== undefined && frames.length === 1) return only;
  const joined = new Uint8Array(frames.reduce((length, frame) => length + LENGTH_BYTES + frame.length, 1));
  const view = new DataView(joined.buffer);
  joined[0] = JOINED;
  let at = 1;
  for (const frame of frames) {
    view.setUint32(at, frame.length);
    joined.set(frame, at + LENGTH_BYTES);
    at += LENGTH_BYTES + frame.length;
  }
  return joined;
}

/** The frames in one message on a link, which are views into it. Throws if the message was not written here. */
export function framesIn(message: Uint8Array): Uint8Array[] {
  if (message[0] !== JOINED) return [message];
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
  const frames: Uint8Array[] = [];
  for (let at = 1; at < message.length; ) {
    const start = at + LENGTH_BYTES;
    at = start + view.getUint32(at);
    if (at > message.length) throw new RangeError("a joined frame is cut off");
    frames.push(message.subarray(start, at));
  }
  return frames;
}
