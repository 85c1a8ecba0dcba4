import { useState } from "preact/hooks";
import * as v from "valibot";
import { Button } from "../../ui/button.tsx";
import { Field, TextArea } from "../../ui/field.tsx";
import { useForm } from "../../ui/form.ts";
import { useText } from "../../ui/language.ts";
import { Switch } from "../../ui/switch.tsx";
import { say } from "../../ui/toast.tsx";
import { sendMessage } from "./conversation-queries.ts";
import { conversationText } from "./conversation-text.ts";
import { textMessage } from "./message-content.ts";

const shape = v.object({
  from: v.pipe(v.string(), v.trim(), v.minLength(1), v.maxLength(64)),
  message: v.pipe(v.string(), v.minLength(1)),
});

/** Says something in a conversation, as anybody. */
export function SendForm({ id, isRoom, onSent }: { id: string; isRoom: boolean; onSent(): void }) {
  const text = useText(conversationText);
  const [isRaw, setRaw] = useState(false);
  const form = useForm({
    initial: { from: "", message: "" },
    schema: shape,
    onSubmit: async ({ from, message }) => {
      await sendMessage(id, isRoom, from, isRaw ? message : textMessage(message));
      form.set("message", "");
      say.done(text.sent);
      onSent();
    },
  });
  return (
    <form class="card send-form" onSubmit={(event) => void form.submit(event)}>
      <Field
        label={text.from}
        value={form.values.from}
        onChange={(value) => form.set("from", value)}
        error={form.error("from")}
      />
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
