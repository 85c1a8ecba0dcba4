/** An event of a stream (`text/event-stream`). */
export interface ServerEvent {
  event: string;
  data: string;
}

/** What is not complete may be this long, in characters. */
const REST_MAX = 1_000_000;

/** Takes a stream of events in pieces, cut anywhere. */
export class EventParser {
  #rest = "";
  #event = "";
  #data: string[] = [];

  /** The events that this piece completes. Throws if an event has no end. */
  take(piece: string): ServerEvent[] {
    const lines = (this.#rest + piece).split(/\r\n|\n|\r(?!$)/);
    this.#rest = lines.pop() ?? "";
    if (this.#rest.length > REST_MAX) throw new Error("An event of the stream has no end.");
    return lines.flatMap((line) => this.#line(line));
  }

  #line(line: string): ServerEvent[] {
    if (line === "") return this.#end();
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "event") this.#event = value;
    if (field === "data") this.#data.push(value);
    return [];
  }

  #end(): ServerEvent[] {
    const event = { event: this.#event || "message", data: this.#data.join("\n") };
    const isEmpty = this.#data.length === 0;
    this.#event = "";
    this.#data = [];
    return isEmpty ? [] : [event];
  }
}
