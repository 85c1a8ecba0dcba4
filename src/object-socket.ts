/** A hibernatable WebSocket of an object, as the platform and the simulation have it. */
export interface ObjectSocket<Attachment> {
  send(data: Uint8Array): void;
  close(code: number, reason?: string): void;
  /** Stores a value that survives the object's hibernation. */
  serializeAttachment(attachment: Attachment): void;
  /** The stored value, or null. */
  deserializeAttachment(): Attachment | null;
}
