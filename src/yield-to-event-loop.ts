/**
 * Lets everything else that waits in this isolate run. Awaiting a call does not do that: while one call directly
 * follows another, workerd reads no socket.
 */
export function yieldToEventLoop(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
