import { useState } from "preact/hooks";
import * as v from "valibot";
import { idsIn } from "../../parts/client-ids.ts";
import { textMessage } from "../../parts/message-content.ts";
import { sendMessage } from "../../parts/message-queries.ts";
import { messageText } from "../../parts/message-text.ts";
import { Button } from "../../ui/button.tsx";
import { Field, SelectField, TextArea } from "../../ui/field.tsx";
import { useForm } from "../../ui/form.ts";
import { useText } from "../../ui/language.ts";
import { Switch } from "../../ui/switch.tsx";
import { say } from "../../ui/toast.tsx";
import type { Conversation } from "./conversation-queries.ts";

const audiences = ["subscribers", "clients", "everybody"] as const;

const shape = v.object({
  from: v.pipe(v.string(), v.trim(), v.minLength(1), v.maxLength(64)),
  message: v.pipe(v.string(), v.minLength(1)),
  to: v.picklist(audiences),
  clients: v.pipe(v.string(), v.transform(idsIn)),
});

/** Says something in a conversation, as anybody; in a service also to whom. */
export function SendForm({ conversation, onSent }: { conversation: Conversation; onSent(): void }) {
  const text = useText(messageText);
  const [isRaw, setRaw] = useState(false);
  const form = useForm({
    initial: { from: "", message: "", to: "subscribers", clients: "" },
    schema: shape,
    onSubmit: async ({ from, message, to, clients }) => {
      const audience = to === "clients" ? { to, clientIds: clients } : { to };
      await sendMessage(conversation, { from, message: isRaw ? message : textMessage(message), audience });
      form.set("message", "");
      say.done(text.sent);
      onSent();
    },
  });
  return (
    <form class="card send-form" onSubmit={(event) => void form.submit(event)}>
      <div class="stack">
        <Field
          label={text.from}
          value={form.values.from}
          onChange={(value) => form.set("from", value)}
          error={form.error("from")}
        />
        {conversation.kind === "system" && (
          <SelectField
            label={text.audience}
            value={form.values.to}
            options={audiences.map((value) => ({ value, label: text.audiences[value] }))}
            onChange={(value) => form.set("to", value)}
          />
        )}
        {form.values.to === "clients" && (
          <Field
            label={text.clients}
            help={text.clientsHelp}
            value={form.values.clients}
            onChange={(value) => form.set("clients", value)}
            error={form.error("clients")}
          />
        )}
      </div>
      <TextArea
        label={text.message}
        rows={2}
        code={isRaw}
        value={form.values.message}
        onChange={(value) => form.set("message", value)}
        onSubmit={() => void form.submit()}
        error={form.error("message") ?? form.problem}
      />
      <div class="actions">
        <Switch label={text.raw} checked={isRaw} onChange={setRaw} />
        <Button type="submit" look="main" busy={form.busy}>
          {text.send}
        </Button>
      </div>
    </form>
  );
}
