/** The content of a binary message, undefined for any other. */
export function bytesOf(message: object): number[] | undefined {
  return "buffer" in message && message.buffer instanceof ArrayBuffer
    ? [...new Uint8Array(message.buffer)]
    : undefined;
}
