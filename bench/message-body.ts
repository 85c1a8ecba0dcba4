/**
 * The load client's message for either server: a marker, eight digits that number the message, and padding. Receivers
 * search for the marker anywhere in the frame, so counting costs the client next to nothing.
 */
const MARKER = Buffer.from("seq#");
const DIGITS = 8;

export function numberedText(length: number): string {
  return `${MARKER.toString()}${"0".repeat(DIGITS)}`.padEnd(length, "x");
}

/** Where the digits start in a frame that carries one. */
export function digitsIn(frame: Buffer): number {
  const at = frame.indexOf(MARKER);
  if (at < 0) throw new Error("the frame carries no numbered text");
  return at + MARKER.length;
}

export function writeDigits(frame: Buffer, at: number, sequence: number): void {
  let rest = sequence;
  for (let index = at + DIGITS - 1; index >= at; index--) {
    frame[index] = 48 + (rest % 10);
    rest = Math.floor(rest / 10);
  }
}

/** The number in a received frame; undefined for other frames. */
export function sequenceIn(frame: Buffer): number | undefined {
  const at = frame.indexOf(MARKER);
  if (at < 0) return undefined;
  let sequence = 0;
  for (let index = at + MARKER.length; index < at + MARKER.length + DIGITS; index++) {
    sequence = sequence * 10 + frame.readUInt8(index) - 48;
  }
  return sequence;
}
