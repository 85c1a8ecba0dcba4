/** The gateway's end of a link to an object. */
export interface LinkSocket {
  send(data: Uint8Array | string): void;
  close(code: number): void;
}

/** The events of a link. After `closed`, there are no more. */
export interface LinkEvents {
  frame(data: Uint8Array): void;
  /** The other side closed or broke. Not called after the gateway's own `close`. */
  closed(): void;
}

/** Opens a link to an object; `missing` if there is no such conversation. Rejects at its deadline or if it fails. */
export type Dial<Request> = (request: Request, events: LinkEvents) => Promise<LinkSocket | "missing">;
