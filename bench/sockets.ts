import { WebSocket } from "ws";

/** An open socket whose frames go to `received`. */
export async function connect(
  url: URL,
  protocols: string[],
  received: (frame: Buffer) => void,
): Promise<WebSocket> {
  const socket = new WebSocket(url, protocols, { perMessageDeflate: false, skipUTF8Validation: true });
  socket.on("message", (data) => {
    // One buffer per message is what ws gives unless it is asked for something else.
    if (!Array.isArray(data) && !(data instanceof ArrayBuffer)) received(data);
  });
  await new Promise<void>((resolve, reject) => {
    socket.once("open", resolve);
    socket.once("error", reject);
    socket.once("unexpected-response", (_request, response) =>
      reject(new Error(`HTTP ${response.statusCode}`)),
    );
  });
  return socket;
}

export async function disconnect(socket: WebSocket): Promise<void> {
  if (socket.readyState === WebSocket.CLOSED) return;
  await new Promise<void>((resolve) => {
    // It does not wait for a server that fails to close.
    const timer = setTimeout(() => socket.terminate(), 2_000);
    socket.once("close", () => {
      clearTimeout(timer);
      resolve();
    });
    socket.close(1000);
  });
}

/** Runs a task this many times, some of them at once. */
export async function inParallel<Result>(
  count: number,
  limit: number,
  task: (index: number) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  let next = 0;
  const worker = async () => {
    while (next < count) {
      const index = next++;
      results[index] = await task(index);
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, count) }, worker));
  return results;
}
