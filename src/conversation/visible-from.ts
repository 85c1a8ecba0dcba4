import type { Settings } from "../settings/schema.ts";
import type { Member } from "./state.ts";

/** The time (ms) from which a member sees messages: the beginning, or when they joined, as the app has set it. */
export function historyVisibleFrom({ security }: Settings, member: Pick<Member, "joinedAt">): number {
  return security.historyFrom === "joining" ? member.joinedAt : 0;
}
