/** Closes a socket, or answers its closing handshake. A socket that is gone needs nothing. */
export function closeQuietly(
  socket: { close(code: number, reason?: string): void },
  code: number,
  reason?: string,
): void {
  try {
    socket.close(code, reason);
  } catch {}
}
