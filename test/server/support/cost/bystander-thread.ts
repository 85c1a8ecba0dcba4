import { once } from "node:events";
import { readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { parentPort, workerData } from "node:worker_threads";
import { WebSocket } from "ws";
import type { Asked, Waited } from "./bystander.ts";

/*
 * The thread of a bystander: it does nothing but send echoes and wait for them, so that no wait of it is one of the test
 * itself. While an echo waits, the server's one thread did something else; how much of the processor it used for that
 * does not depend on what else the machine does.
 */

const PAUSE = 2; // ms between an answer and the next echo

const asked: Asked = workerData;
const socket = new WebSocket(asked.url, "lc.protobuf2.3");
await once(socket, "open");
socket.send(asked.login);
await once(socket, "message");

/** Milliseconds that the server's thread has run so far. */
function used(): number {
  const [nanoseconds = ""] = readFileSync(`/proc/${asked.pid}/task/${asked.pid}/schedstat`, "utf8").split(
    " ",
  );
  return Number(nanoseconds) / 1e6;
}

let worst: Waited = { processor: 0, wait: 0 };
let echoes = 0;
let answerAfter = Number.POSITIVE_INFINITY;

parentPort?.on("message", () => {
  // The one on its way began before; only the one after it begins when all that was done is done.
  answerAfter = echoes + 2;
});
socket.on("close", (code) => {
  throw new Error(`the bystander was closed with ${code}`);
});
parentPort?.postMessage(worst);

for (;;) {
  const [before, since] = [used(), performance.now()];
  socket.send(asked.echo);
  await once(socket, "message");
  const waited = { processor: used() - before, wait: performance.now() - since };
  if (waited.processor > worst.processor) worst = waited;
  echoes += 1;
  if (echoes >= answerAfter) {
    parentPort?.postMessage(worst);
    worst = { processor: 0, wait: 0 };
    answerAfter = Number.POSITIVE_INFINITY;
  }
  await pause(PAUSE);
}
