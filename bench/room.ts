/** A conversation under load: a sender and its receivers. */
export interface Room {
  /** Members beside the sender, all of them online. */
  readonly receivers: number;
  send(sequence: number): void;
  /** Set by the measurement. Acknowledged messages of the sender, by number. */
  acknowledged: (sequence: number) => void;
  /** Called once per receiver. */
  delivered: (sequence: number) => void;
  close(): Promise<void>;
}

/** A server under load, as the measurements see it. */
export interface Contender {
  /** Opens a room with this many connected receivers, after the costs of first messages. */
  openRoom(receivers: number): Promise<Room>;
}

/** Message numbers never repeat: a server that recognizes repeats would drop them. */
let lastSequence = 2 ** 21; // from here to 2 ** 28 a protobuf varint takes four bytes
export function nextSequence(): number {
  return ++lastSequence;
}
