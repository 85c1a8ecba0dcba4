import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

/** A network between a phone and the server that can be lost. */
export interface Network {
  url: string;
  /** Breaks every connection without a word; new ones are let through unless it stays down. */
  cut(stays?: "stays down"): void;
  restore(): void;
  close(): Promise<void>;
}

/** Passes bytes on to a server at `http://127.0.0.1:<port>`. */
export async function openNetwork(server: string): Promise<Network> {
  const { port, hostname } = new URL(server);
  const open = new Set<Socket>();
  let down = false;
  const front = createServer((phone) => {
    if (down) return phone.destroy();
    const inside = connect(Number(port), hostname);
    for (const [socket, other] of [
      [phone, inside],
      [inside, phone],
    ] as const) {
      open.add(socket);
      socket.pipe(other);
      socket.on("error", () => other.destroy());
      socket.on("close", () => {
        open.delete(socket);
        other.destroy();
      });
    }
  }).listen(0, "127.0.0.1");
  await once(front, "listening");
  const address = front.address();
  if (address === null || typeof address === "string") throw new Error("the network has no port");
  const cut = () => {
    for (const socket of open) socket.destroy();
  };
  return {
    url: `http://127.0.0.1:${address.port}`,
    cut(stays) {
      down = stays !== undefined;
      cut();
    },
    restore() {
      down = false;
    },
    async close() {
      cut();
      front.close();
      await once(front, "close");
    },
  };
}
