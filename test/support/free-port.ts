import { once } from "node:events";
import { createServer } from "node:net";

/**
 * Below the ports that systems give to outgoing connections and to listeners without a choice (Linux: from 32768,
 * macOS: from 49152), so that none of them takes a port between two starts of a server.
 */
const FIRST = 20_000;
const LAST = 32_000;

/** A port of this machine that is free at the moment, and that only a caller of this function would take. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = FIRST + Math.floor(Math.random() * (LAST - FIRST));
    if (await isFree(port)) return port;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, "127.0.0.1");
  try {
    await once(server, "listening");
  } catch {
    return false;
  }
  server.close();
  await once(server, "close");
  return true;
}
