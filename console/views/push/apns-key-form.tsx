import { useId } from "preact/hooks";
import * as v from "valibot";
import { Button } from "../../ui/button.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { Field, TextArea } from "../../ui/field.tsx";
import { useForm } from "../../ui/form.ts";
import { useText } from "../../ui/language.ts";
import { say } from "../../ui/toast.tsx";
import { keyText } from "./key-text.ts";
import { keyIdIn, topicsIn } from "./provider-keys.ts";
import { setApnsKey } from "./push-queries.ts";

const PEM = /^\s*-----BEGIN PRIVATE KEY-----[\s\S]+-----END PRIVATE KEY-----\s*$/;

interface ApnsKeyFormProps {
  before: { keyId: string; teamId: string; topics: readonly string[] };
  onClose(): void;
  onSaved(): void;
}

/** Adds one of Apple's keys, or replaces it: from its file, which is read here and goes to the server alone. */
export function ApnsKeyForm({ before, onClose, onSaved }: ApnsKeyFormProps) {
  const text = useText(keyText);
  const fileId = useId();
  const needed = v.pipe(v.string(), v.trim(), v.minLength(1, text.missing));
  const form = useForm({
    initial: {
      keyId: before.keyId,
      teamId: before.teamId,
      topics: before.topics.join("\n"),
      privateKey: "",
    },
    schema: v.object({
      keyId: needed,
      teamId: needed,
      topics: v.pipe(needed, v.transform(topicsIn)),
      privateKey: v.pipe(v.string(), v.regex(PEM, text.notKey)),
    }),
    onSubmit: async ({ keyId, teamId, topics, privateKey }) => {
      await setApnsKey(keyId, { teamId, topics, privateKey });
      say.done(text.saved(keyId));
      onSaved();
    },
  });
  const read = async (file: File | undefined): Promise<void> => {
    if (file === undefined) return;
    form.set("privateKey", await file.text());
    const keyId = keyIdIn(file.name);
    if (keyId !== undefined) form.set("keyId", keyId);
  };
  return (
    <Dialog open title={text.addTitle} description={text.addHelp} onClose={onClose}>
      <form class="stack" onSubmit={(event) => void form.submit(event)}>
        <div class="field">
          <label for={fileId}>{text.file}</label>
          <input
            id={fileId}
            type="file"
            accept=".p8,.pem"
            onChange={(event) => void read(event.currentTarget.files?.[0])}
          />
        </div>
        <TextArea
          label={text.privateKey}
          code
          rows={4}
          value={form.values.privateKey}
          onChange={(value) => form.set("privateKey", value)}
          error={form.error("privateKey")}
        />
        <Field
          label={text.keyId}
          code
          value={form.values.keyId}
          onChange={(value) => form.set("keyId", value)}
          error={form.error("keyId")}
        />
        <Field
          label={text.team}
          code
          value={form.values.teamId}
          onChange={(value) => form.set("teamId", value)}
          error={form.error("teamId")}
        />
        <TextArea
          label={text.topics}
          code
          rows={2}
          help={text.topicsHelp}
          value={form.values.topics}
          onChange={(value) => form.set("topics", value)}
          error={form.error("topics")}
        />
        {form.problem && (
          <p class="bad" role="alert">
            {form.problem}
          </p>
        )}
        <footer class="actions">
          <Button type="submit" look="main" busy={form.busy}>
            {text.save}
          </Button>
        </footer>
      </form>
    </Dialog>
  );
}
