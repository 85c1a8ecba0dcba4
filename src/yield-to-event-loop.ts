/**
 * Whatever waits in this isolate has its turn. Awaiting a call is none: workerd reads no socket while calls follow on
 * calls.
 */
export function yieldToEventLoop(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
