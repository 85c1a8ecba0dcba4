import { type IncomingMessage, request, type ServerResponse } from "node:http";
import { createServer } from "node:https";
import { connect } from "node:net";
import type { Duplex } from "node:stream";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { selfSigned } from "./certificate.ts";

export interface TlsFront {
  /** `localhost:<port>`, the only form in which 4.x takes its `server`. */
  host: string;
  /** Breaks every connection without a word, as a lost network does. */
  cut(): void;
  close(): Promise<void>;
}

let identity: ReturnType<typeof selfSigned> | undefined;

/** One certificate for all fronts of this process: of two alike, TLS may try the wrong one. */
export function trusted() {
  if (identity === undefined) {
    identity = selfSigned();
    setDefaultCACertificates([...getCACertificates("default"), identity.cert]);
  }
  return identity;
}

/** A proxy before a server that terminates TLS and passes on that it did. This process trusts it. */
export async function openTlsFront(target: URL): Promise<TlsFront> {
  const { key, cert } = trusted();
  const server = createServer({ key, cert });
  const open = new Set<Duplex>();
  server.on("secureConnection", (socket) => {
    open.add(socket);
    socket.on("close", () => open.delete(socket));
  });
  server.on("request", (asked, answer) => passOn(asked, answer, target));
  server.on("upgrade", (asked, socket, head) => passOnSocket(asked, socket, head, target));
  await new Promise<void>((resolve) => server.listen(0, "localhost", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the TLS front has no port");
  const cut = () => {
    for (const socket of open) socket.destroy();
  };
  return {
    host: `localhost:${address.port}`,
    cut,
    async close() {
      cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function passOn(asked: IncomingMessage, answer: ServerResponse, target: URL) {
  const inside = request(new URL(asked.url ?? "/", target), {
    method: asked.method,
    headers: { ...asked.headers, "x-forwarded-proto": "https" },
  });
  inside.on("response", (response) => {
    answer.writeHead(response.statusCode ?? 502, response.headers);
    response.pipe(answer);
  });
  inside.on("error", () => answer.destroy());
  asked.pipe(inside);
}

function passOnSocket(asked: IncomingMessage, outside: Duplex, head: Buffer, target: URL) {
  const inside = connect(Number(target.port), target.hostname);
  const hangUp = () => {
    outside.destroy();
    inside.destroy();
  };
  outside.on("error", hangUp).on("close", hangUp);
  inside.on("error", hangUp).on("close", hangUp);
  const lines = [`GET ${asked.url} HTTP/1.1`, "X-Forwarded-Proto: https"];
  for (let index = 0; index < asked.rawHeaders.length; index += 2) {
    lines.push(`${asked.rawHeaders[index]}: ${asked.rawHeaders[index + 1]}`);
  }
  inside.write(`${lines.join("\r\n")}\r\n\r\n`);
  inside.write(head);
  outside.pipe(inside).pipe(outside);
}
