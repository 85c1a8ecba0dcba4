/** How a client wants its frames and what it missed (wire §2.1). */
export interface SubProtocol {
  /** Base64 text instead of binary frames. */
  text: boolean;
  /** `.3` clients pull from unread counts, `.1` clients are pushed what they missed (Y-01). */
  mode: "pull" | "push";
}

const KNOWN: Record<string, SubProtocol> = {
  "lc.protobuf2.3": { text: false, mode: "pull" },
  "lc.protobuf2.1": { text: false, mode: "push" },
  "lc.proto2base64.3": { text: true, mode: "pull" },
  "lc.proto2base64.1": { text: true, mode: "push" },
};

/**
 * The first sub-protocol offered that we speak, by header or else by the `subprotocol` query of mini-program
 * SDKs, and the header to answer with: exactly what was offered there, or none. Undefined if there is none.
 */
export function negotiate(
  header: string | null,
  query: string | null,
): { protocol: SubProtocol; echo: string | undefined } | undefined {
  for (const offered of (header ?? "").split(",")) {
    const name = offered.trim();
    const protocol = Object.hasOwn(KNOWN, name) ? KNOWN[name] : undefined;
    if (protocol !== undefined) return { protocol, echo: name };
  }
  const asked = query !== null && Object.hasOwn(KNOWN, query) ? KNOWN[query] : undefined;
  return asked && { protocol: asked, echo: undefined };
}
