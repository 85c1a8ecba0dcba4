import type { ComponentChildren } from "preact";

export type Tone = "plain" | "good" | "bad" | "warn" | "info";

/** A word about the state of something. */
export function Badge({ tone = "plain", children }: { tone?: Tone; children: ComponentChildren }) {
  return <span class={`badge ${tone}`}>{children}</span>;
}
