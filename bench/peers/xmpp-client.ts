import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { LOOPBACK } from "./child.ts";
import { NumberedStream } from "./numbered-stream.ts";

export const DOMAIN = "localhost";
const STREAM_MANAGEMENT = "urn:xmpp:sm:3";
const ANSWER_DEADLINE = 10_000; // ms
/** Stanzas, which are counted, and what stream management asks and answers. */
const TAGS = /<(message|presence|iq|r|a) [^>]*>/g;

/** A connection of a user over TCP without TLS; with stream management, what it gets is acknowledged when asked. */
export class XmppClient {
  readonly name: string;
  readonly address: string;
  /** A message with a number in its text. */
  numbered: (sequence: number) => void = () => {};
  /** How many of the client's own stanzas the server has taken. */
  taken: (stanzas: number) => void = () => {};
  readonly #socket: Socket;
  readonly #numbers = new NumberedStream((sequence) => this.numbered(sequence));
  #text = "";
  #arrived: (() => void) | undefined;
  #management: { received: number; tail: string } | undefined;

  private constructor(socket: Socket, name: string) {
    this.#socket = socket;
    this.name = name;
    this.address = `${name}@${DOMAIN}`;
    socket.on("data", (chunk: Buffer) => this.#take(chunk));
  }

  /** Registers a user and logs in as them, so that messages to their address arrive. */
  static async logIn(port: number, name: string, managed: boolean): Promise<XmppClient> {
    const socket = connect({ port, host: LOOPBACK, noDelay: true });
    await once(socket, "connect");
    const client = new XmppClient(socket, name);
    await client.#openStream();
    await client.ask(
      `<iq type='set' id='register'><query xmlns='jabber:iq:register'><username>${name}</username>` +
        "<password>cheese</password></query></iq>",
      /<iq [^>]*type='result'/,
    );
    const secret = Buffer.from(`\0${name}\0cheese`).toString("base64");
    await client.ask(
      `<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>${secret}</auth>`,
      /<success/,
    );
    await client.#openStream();
    await client.ask(
      "<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>phone</resource></bind></iq>",
      /<jid>/,
    );
    if (managed) {
      await client.ask(`<enable xmlns='${STREAM_MANAGEMENT}'/>`, /<enabled [^>]*>/);
      client.#management = { received: 0, tail: "" };
    }
    client.write("<presence/>");
    return client;
  }

  write(stanzas: string): void {
    this.#socket.write(stanzas);
  }

  /** Writes and waits until what has come since matches. */
  async ask(stanzas: string, answer: RegExp): Promise<void> {
    this.#text = "";
    const answered = new Promise<void>((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`${stanzas} was answered by ${this.#text}`)),
        ANSWER_DEADLINE,
      );
      this.#arrived = () => {
        if (!answer.test(this.#text)) return;
        clearTimeout(timer);
        this.#arrived = undefined;
        resolve();
      };
    });
    this.write(stanzas);
    await answered;
  }

  async close(): Promise<void> {
    if (this.#socket.destroyed) return;
    const closed = once(this.#socket, "close");
    this.#socket.end("</stream:stream>");
    const timer = setTimeout(() => this.#socket.destroy(), 2_000);
    await closed;
    clearTimeout(timer);
  }

  #openStream(): Promise<void> {
    return this.ask(
      `<?xml version='1.0'?><stream:stream to='${DOMAIN}' xmlns='jabber:client' ` +
        "xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>",
      /<\/stream:features>/,
    );
  }

  #take(chunk: Buffer): void {
    if (this.#arrived !== undefined) {
      this.#text += chunk.toString("latin1");
      this.#arrived();
    }
    if (this.#management !== undefined) this.#manage(this.#management, chunk);
    this.#numbers.take(chunk);
  }

  /** Counts what the server counts, and answers when it asks how much has come. */
  #manage(management: { received: number; tail: string }, chunk: Buffer): void {
    const text = management.tail + chunk.toString("latin1");
    const last = text.lastIndexOf("<");
    // A tag that has not come whole is looked at with the next chunk.
    const end = last >= 0 && !text.includes(">", last) ? last : text.length;
    management.tail = text.slice(end);
    let asked = false;
    for (const [tag, name] of text.slice(0, end).matchAll(TAGS)) {
      if (name === "r") asked = true;
      else if (name === "a") this.taken(Number(/ h='(\d+)'/.exec(tag)?.[1]));
      else management.received += 1;
    }
    if (asked) this.write(`<a xmlns='${STREAM_MANAGEMENT}' h='${management.received}'/>`);
  }
}
