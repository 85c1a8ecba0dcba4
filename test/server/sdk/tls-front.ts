import { connect } from "node:net";
import { createServer, getCACertificates, setDefaultCACertificates, type TLSSocket } from "node:tls";
import { selfSigned } from "./certificate.ts";

export interface TlsFront {
  /** `localhost:<port>`, the only form in which 4.x takes its `server`. */
  host: string;
  close(): Promise<void>;
}

/** Takes off the TLS and passes the bytes on. This process trusts its certificate from then on. */
export async function openTlsFront(target: URL): Promise<TlsFront> {
  const { key, cert } = selfSigned();
  setDefaultCACertificates([...getCACertificates("default"), cert]);
  const open = new Set<TLSSocket>();
  const server = createServer({ key, cert }, (outside) => {
    const inside = connect(Number(target.port), target.hostname);
    const hangUp = () => {
      outside.destroy();
      inside.destroy();
    };
    open.add(outside);
    outside.on("error", hangUp).on("close", () => {
      open.delete(outside);
      hangUp();
    });
    inside.on("error", hangUp).on("close", hangUp);
    outside.pipe(inside).pipe(outside);
  });
  await new Promise<void>((resolve) => server.listen(0, "localhost", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the TLS front has no port");
  return {
    host: `localhost:${address.port}`,
    async close() {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
