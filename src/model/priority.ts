/** How much a message matters where more is said than people are sent. */
export type Priority = "high" | "normal" | "low";
