import * as v from "valibot";
import { idsIn } from "../../parts/client-ids.ts";
import { Button } from "../../ui/button.tsx";
import { Field } from "../../ui/field.tsx";
import { useForm } from "../../ui/form.ts";
import { useText } from "../../ui/language.ts";
import { say } from "../../ui/toast.tsx";
import type { Conversation } from "./conversation-queries.ts";
import { addClients } from "./member-queries.ts";
import { memberText } from "./member-text.ts";

const shape = v.object({
  clients: v.pipe(v.string(), v.transform(idsIn), v.minLength(1)),
});

/** Makes clients members of a conversation, or subscribers of a service. */
export function AddClients({ conversation, onAdded }: { conversation: Conversation; onAdded(): void }) {
  const text = useText(memberText);
  const form = useForm({
    initial: { clients: "" },
    schema: shape,
    onSubmit: async ({ clients }) => {
      await addClients(conversation, clients);
      form.reset();
      say.done(text.done);
      onAdded();
    },
  });
  return (
    <form class="filters conversation-filters" onSubmit={(event) => void form.submit(event)}>
      <Field
        label={conversation.kind === "system" ? text.subscribe : text.add}
        placeholder="Tom, Jerry"
        value={form.values.clients}
        onChange={(value) => form.set("clients", value)}
        error={form.error("clients") ?? form.problem}
      />
      <Button type="submit" busy={form.busy}>
        {text.addThem}
      </Button>
    </form>
  );
}
