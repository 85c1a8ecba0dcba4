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

/** Why an object takes no link: there is no such conversation, or its log is too long to be replayed to the session. */
export type LinkRefusal = "missing" | "too far behind";

export type LinkOutcome = "opened" | LinkRefusal;

/** Opens a link to an object. Rejects at its deadline or if it fails. */
export type Dial<Request> = (request: Request, events: LinkEvents) => Promise<LinkSocket | LinkRefusal>;

/** The events of a link that is being opened. `closed` may come before `opened`. */
export interface OpeningLinkEvents {
  opened(socket: LinkSocket): void;
  frame(socket: LinkSocket, data: Uint8Array): void;
  closed(): void;
}

/**
 * Opens a link and calls `opened` first, then `frame` for each frame: frames may arrive before the socket is there.
 * Rejects as the dial does.
 */
export async function openLink<Request>(
  dial: Dial<Request>,
  request: Request,
  events: OpeningLinkEvents,
): Promise<LinkOutcome> {
  let socket: LinkSocket | undefined;
  let early: Uint8Array[] | undefined;
  const connected = await dial(request, {
    frame: (data) => {
      if (socket !== undefined) events.frame(socket, data);
      else early = [...(early ?? []), data];
    },
    closed: () => events.closed(),
  });
  if (typeof connected === "string") return connected;
  socket = connected;
  events.opened(socket);
  const frames: Uint8Array[] = early ?? [];
  early = undefined;
  for (const data of frames) events.frame(socket, data);
  return "opened";
}
