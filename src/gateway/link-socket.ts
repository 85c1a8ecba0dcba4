/** The gateway's end of a link: an object is on the other side. */
export interface LinkSocket {
  send(data: Uint8Array | string): void;
  close(code: number): void;
}

/** What the gateway hears from a link. After `closed`, nothing more comes. */
export interface LinkEvents {
  frame(data: Uint8Array): void;
  /** The other side is gone, or broke; not called after our own `close`. */
  closed(): void;
}

/** Dials an object; `missing` when there is no such conversation. Rejects at its deadline or when it cannot. */
export type Dial<Request> = (request: Request, events: LinkEvents) => Promise<LinkSocket | "missing">;
