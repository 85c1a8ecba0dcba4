/** One conversation under load: a sender and the members who are to get what it sends. */
export interface Room {
  /** Members beside the sender, all of them online. */
  readonly receivers: number;
  send(sequence: number): void;
  /** Set by whoever measures. Messages the sender has its acknowledgement for, by number. */
  acknowledged: (sequence: number) => void;
  /** Called once per receiver. */
  delivered: (sequence: number) => void;
  close(): Promise<void>;
}

/** A server under load, as the measurements see it. */
export interface Contender {
  /** Opens a room with this many receivers, everybody connected and past what only first messages cost. */
  openRoom(receivers: number): Promise<Room>;
}

/** Message numbers never repeat, or a server that recognises repeats would rightly drop them. */
let lastSequence = 2 ** 21; // from here to 2 ** 28 a protobuf varint takes four bytes
export function nextSequence(): number {
  return ++lastSequence;
}
