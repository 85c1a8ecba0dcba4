import { afterAll } from "vitest";

/**
 * Sends what objects log when a file's tests are over. The plugin of Vitest sends an object's log along with the next
 * message of the test runner, while the runner waits for all logs before it sends its last one: a log between the two
 * stopped a whole run for good (cloudflare/workers-sdk#15719, plugin 1.4.10, November 2026). So the runner logs an
 * empty line every 100 ms until the next file begins.
 */

declare global {
  /** Of the file before this one, which ran in the same workerd. */
  var lateLogs: ReturnType<typeof setInterval> | undefined;
}

clearInterval(globalThis.lateLogs);

afterAll(() => {
  globalThis.lateLogs = setInterval(() => console.debug(""), 100);
});
