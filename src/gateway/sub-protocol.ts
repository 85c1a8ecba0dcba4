import { type CatchUpMode, catchUpModes } from "../protocol/link-controls.ts";

/** The sub-protocol of a client: its framing, and how it receives what it missed (wire §2.1). */
export interface SubProtocol {
  /** Base64 text instead of binary frames. */
  text: boolean;
  mode: CatchUpMode;
}

const KNOWN: Record<string, SubProtocol> = {
  "lc.protobuf2.3": { text: false, mode: catchUpModes.COUNTS },
  "lc.protobuf2.1": { text: false, mode: catchUpModes.MESSAGES },
  "lc.proto2base64.3": { text: true, mode: catchUpModes.COUNTS },
  "lc.proto2base64.1": { text: true, mode: catchUpModes.MESSAGES },
};

/**
 * The first supported sub-protocol that the client offers, by header or else by the `subprotocol` query of mini-program
 * SDKs, and the header to answer with: exactly what was offered there, or none. Undefined if none is supported.
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
