import type { Settings } from "../settings/schema.ts";
import type { Member } from "./state.ts";

/** From when on (ms) a member sees what was said: from the beginning, or since they joined, as the app has it. */
export function seesFrom({ security }: Settings, member: Pick<Member, "joinedAt">): number {
  return security.historyFrom === "joining" ? member.joinedAt : 0;
}
