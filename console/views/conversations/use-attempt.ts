import { useQueryClient } from "@tanstack/preact-query";
import { useText } from "../../ui/language.ts";
import { say } from "../../ui/toast.tsx";
import { memberText } from "./member-text.ts";

/** Changes something, says how that went, and reads again what has this key. */
export function useAttempt(queryKey: readonly string[]): (change: () => Promise<unknown>) => Promise<void> {
  const text = useText(memberText);
  const queries = useQueryClient();
  return async (change) => {
    try {
      await change();
      say.done(text.done);
    } catch (error) {
      say.failed(error instanceof Error ? error.message : String(error));
    }
    await queries.invalidateQueries({ queryKey });
  };
}
