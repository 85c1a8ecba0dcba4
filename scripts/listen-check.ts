import { once } from "node:events";
import { createServer } from "node:net";
import { Refusal } from "./options.ts";

/**
 * Checks whether a server can listen there, so that a failure is one sentence, before everything else is loaded. Throws
 * a `Refusal`.
 */
export async function checkAddress(host: string, port: number): Promise<void> {
  const server = createServer();
  server.listen(port, host);
  try {
    await once(server, "listening");
  } catch (error) {
    throw new Refusal(`Not started: ${whyNot(error, host, port)}`, 1);
  }
  server.close();
  await once(server, "close");
}

function whyNot(error: unknown, host: string, port: number): string {
  const code = typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
  switch (code) {
    case "EADDRINUSE":
      return `the address is in use (${host}:${port}). Stop what listens there, or choose another by --port.`;
    case "EACCES":
      return (
        `this user may not listen on port ${port}. Take one from 1024 on and put a proxy in front, ` +
        "or give the service CAP_NET_BIND_SERVICE."
      );
    case "EADDRNOTAVAIL":
      return `${host} is no address of this machine. --host 0.0.0.0 listens on all of them.`;
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return `no address is known for the host name ${host}.`;
    default:
      return error instanceof Error ? error.message : String(error);
  }
}
