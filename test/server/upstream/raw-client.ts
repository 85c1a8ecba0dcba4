import { once } from "node:events";
import { connect, type Socket } from "node:net";

/** An answer as it stood on the wire. */
export interface RawAnswer {
  status: number;
  head: string;
  /** After the head, chunked as it came. */
  rest: string;
}

/** Sends bytes as they are, and returns what came back until the connection was idle for a while or closed. */
export async function exchange(port: number, text: string, idle = 300): Promise<RawAnswer> {
  const socket = connect(port, "127.0.0.1");
  await once(socket, "connect");
  socket.write(Buffer.from(text, "latin1"));
  const received = await readUntilIdle(socket, idle);
  socket.destroy();
  const [head = "", ...rest] = received.split("\r\n\r\n");
  return { status: Number(head.split(" ")[1]), head, rest: rest.join("\r\n\r\n") };
}

async function readUntilIdle(socket: Socket, idle: number): Promise<string> {
  const chunks: Buffer[] = [];
  return new Promise((settle) => {
    const end = () => settle(Buffer.concat(chunks).toString("latin1"));
    socket.setTimeout(10_000, end);
    socket.on("error", end);
    socket.on("close", end);
    socket.on("data", (chunk) => {
      chunks.push(chunk);
      socket.setTimeout(idle);
    });
  });
}
