import { hashText } from "../hash-text.ts";

/**
 * The relays of a conversation, by number: level 1 has relay 1, level 2 has relays 2 and 3, level 3 has 4 to 7, and so
 * on. Level 0 is the conversation's own object. An audience fills one level after the other, so a relay is never asked
 * to take over what another one holds: when the audience shrinks, the upper levels empty by themselves.
 */

/** The most levels of relays: 1,023 relays. The last of them take more than their share. */
export const LEVELS = 10;

/** The number of the relay that serves a client at a level: all its devices meet in one. */
export function relayOf(level: number, clientId: string): number {
  const first = 2 ** (level - 1);
  return first + (hashText(clientId) % first);
}

/** The level of a relay. */
export function levelOf(relay: number): number {
  return Math.floor(Math.log2(relay)) + 1;
}

/** The most relays that a level can have. */
export function relaysAt(level: number): number {
  return 2 ** (level - 1);
}

/** The name of a relay's object. */
export function relayName(conversationId: string, relay: number): string {
  return `${conversationId}:${relay}`;
}

/** Whether a client is in the first of so many equal parts of all clients. Each relay has some of every part. */
export function isInPart(clientId: string, parts: number): boolean {
  return (hashText(clientId) >>> LEVELS) % parts === 0;
}
