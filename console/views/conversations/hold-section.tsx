import { useQuery } from "@tanstack/preact-query";
import * as v from "valibot";
import { Badge } from "../../ui/badge.tsx";
import { Button } from "../../ui/button.tsx";
import { confirm } from "../../ui/confirm.tsx";
import { Field } from "../../ui/field.tsx";
import { useForm } from "../../ui/form.ts";
import { useText } from "../../ui/language.ts";
import { Facts } from "../../ui/page.tsx";
import { Answered } from "../../ui/state.tsx";
import { Time } from "../../ui/time.tsx";
import { endHold, readHold, setHold } from "./hold-queries.ts";
import { holdText } from "./hold-text.ts";
import { useAttempt } from "./use-attempt.ts";

const shape = v.object({ reason: v.pipe(v.string(), v.maxLength(1_024)) });

const useHold = (id: string) =>
  useQuery({ queryKey: ["hold", id], queryFn: ({ signal }) => readHold(id, signal) });

/** Says so where a conversation is on legal hold. */
export function HoldBadge({ id }: { id: string }) {
  const text = useText(holdText);
  return useHold(id).data ? <Badge tone="warn">{text.on}</Badge> : null;
}

/** The legal hold of a conversation: since when and why, and its beginning and end. */
export function HoldSection({ id }: { id: string }) {
  const text = useText(holdText);
  const attempt = useAttempt(["hold", id]);
  const form = useForm({
    initial: { reason: "" },
    schema: shape,
    onSubmit: async ({ reason }) => {
      await attempt(() => setHold(id, reason));
      form.reset();
    },
  });
  const end = async (): Promise<void> => {
    const question = { title: text.endTitle, text: text.endText, action: text.end };
    if (await confirm(question)) await attempt(() => endHold(id));
  };
  return (
    <Answered query={useHold(id)}>
      {(hold) =>
        hold === null ? (
          <>
            <p>{text.none}</p>
            <form class="filters conversation-filters" onSubmit={(event) => void form.submit(event)}>
              <Field
                label={text.reason}
                value={form.values.reason}
                onChange={(value) => form.set("reason", value)}
                error={form.error("reason") ?? form.problem}
              />
              <Button type="submit" busy={form.busy}>
                {text.set}
              </Button>
            </form>
          </>
        ) : (
          <>
            <p>{text.help}</p>
            <Facts
              facts={[
                [text.since, <Time key="since" at={hold.since} />],
                [text.reason, hold.reason],
              ]}
            />
            <Button onClick={() => void end()}>{text.end}</Button>
          </>
        )
      }
    </Answered>
  );
}
