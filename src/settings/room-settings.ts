import * as v from "valibot";
import { group, wholeNumber } from "./value-schemas.ts";

/** Chat rooms, and other conversations with a large audience. */
export const roomSettings = () =>
  group({
    /**
     * Sessions that one object serves, the conversation's own or a relay. A message costs a call for each relay, and a
     * write for each session.
     */
    socketsPerRelay: v.optional(wholeNumber(1, 10_000), 2_000),
    /**
     * Messages a second that each person in a room is sent, and transient messages a second elsewhere. A longer
     * message counts as several. 0 is unlimited.
     */
    messagesPerSecond: v.optional(wholeNumber(0, 10_000), 50),
    /** How long a room takes back a client that was lost in it, in minutes; 0 is not at all. */
    returnMinutes: v.optional(wholeNumber(0, 1_440), 30),
  });
