import { connect, type Socket } from "node:net";

export const appHeaders = {
  "X-LC-Id": "parley-dev",
  "X-LC-Key": "parley-dev-key",
  "Content-Type": "application/json",
};

export interface Announced {
  objectId: string;
  url: string;
  token: string;
  upload_url: string;
}

/** Announces a file as a client does. */
export async function announce(
  { url }: { url: string },
  body: object = { name: "cheese.bin" },
): Promise<Announced> {
  const response = await fetch(`${url}/1.1/fileTokens`, {
    method: "POST",
    headers: appHeaders,
    body: JSON.stringify(body),
  });
  if (response.status !== 201) throw new Error(`not announced: ${response.status} ${await response.text()}`);
  return response.json();
}

/** The status of a file's row, as a client reads it. */
export async function rowStatus({ url }: { url: string }, { objectId }: Announced): Promise<number> {
  return (await fetch(`${url}/1.1/files/${objectId}`, { headers: appHeaders })).status;
}

/** How a body comes: with its length, in chunks, or inside of a form. */
export type Way = "length" | "chunks" | "form";

const FORM = '--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n';

/** An upload that sends as much as it is told, at its own pace. */
export class SlowUpload {
  readonly #socket: Socket;
  readonly #way: Way;
  #answer = "";

  constructor({ upload_url }: Announced, way: Way, length: number) {
    const { hostname, port, pathname } = new URL(upload_url);
    this.#way = way;
    this.#socket = connect(Number(port), hostname);
    this.#socket.on("error", () => {});
    this.#socket.on("data", (data) => {
      this.#answer += data.toString("latin1");
    });
    const lengthHeader = `Content-Length: ${length + (way === "form" ? FORM.length : 0)}`;
    const headers = [
      `${way === "form" ? "POST" : "PUT"} ${pathname} HTTP/1.1`,
      `Host: ${hostname}:${port}`,
      ...(way === "form" ? ["Content-Type: multipart/form-data; boundary=b"] : []),
      way === "chunks" ? "Transfer-Encoding: chunked" : lengthHeader,
    ];
    this.#socket.write(`${headers.join("\r\n")}\r\n\r\n${way === "form" ? FORM : ""}`);
  }

  /** What the server has answered so far. */
  get answer(): string {
    return this.#answer;
  }

  /** Sends bytes, once the socket takes them. */
  async send(bytes: Uint8Array): Promise<void> {
    const chunk =
      this.#way === "chunks"
        ? Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from("\r\n")])
        : bytes;
    await new Promise<void>((resolve) => void this.#socket.write(chunk, () => resolve()));
  }

  /** Ends a body in chunks. */
  async end(): Promise<void> {
    await new Promise<void>((resolve) => void this.#socket.write("0\r\n\r\n", () => resolve()));
  }

  /** The client is gone. */
  breakOff(): void {
    this.#socket.destroy();
  }
}
