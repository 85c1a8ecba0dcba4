import type { Env } from "../env.ts";
import { ALLOWED, type Hooks } from "./events.ts";

export function hooksOf(_env: Env): Hooks {
  return { aboutMessage: async () => ALLOWED, aboutConversation: async () => ALLOWED };
}
