import { useState } from "preact/hooks";
import * as v from "valibot";
import { answer, post } from "../../api/client.ts";
import { idsIn } from "../../parts/client-ids.ts";
import { useAddress } from "../../ui/address.ts";
import { Badge } from "../../ui/badge.tsx";
import { Button } from "../../ui/button.tsx";
import { Id } from "../../ui/copy.tsx";
import { Field, SelectField, TextArea } from "../../ui/field.tsx";
import { useForm } from "../../ui/form.ts";
import { useText } from "../../ui/language.ts";
import { Section } from "../../ui/page.tsx";
import { signatureText } from "./signature-text.ts";

const actions = [
  "login",
  "create",
  "invite",
  "kick",
  "conversation-block-clients",
  "conversation-unblock-clients",
  "client-block-conversations",
  "client-unblock-conversations",
  "history",
] as const;
type Action = (typeof actions)[number];

const needsConversation = (action: Action): boolean => action !== "login" && action !== "create";
const needsMembers = (action: Action): boolean =>
  ["create", "invite", "kick", "conversation-block-clients", "conversation-unblock-clients"].includes(action);

const shape = v.object({
  clientId: v.pipe(v.string(), v.trim(), v.minLength(1)),
  conversationId: v.pipe(v.string(), v.trim()),
  members: v.string(),
  signature: v.pipe(v.string(), v.trim(), v.minLength(1)),
  timestamp: v.pipe(v.string(), v.trim(), v.regex(/^\d{1,16}$/, "1700000000000")),
  nonce: v.string(),
});

type Verdict = Awaited<ReturnType<typeof check>>;
type Given = v.InferOutput<typeof shape>;

const check = (action: Action, given: Given) =>
  answer(
    post("/admin/signatures/check", {
      body: {
        action,
        client_id: given.clientId,
        conv_id: needsConversation(action) ? given.conversationId : undefined,
        members: needsMembers(action) ? idsIn(given.members) : undefined,
        signature: given.signature,
        timestamp: Number(given.timestamp),
        nonce: given.nonce,
      },
    }),
  );

/** Says why a signature of the app's own server is refused. */
export function SignatureTester() {
  const text = useText(signatureText);
  const address = useAddress();
  const action = actions.find((each) => each === address.get("action")) ?? "login";
  const [verdict, setVerdict] = useState<Verdict>();
  const form = useForm({
    initial: {
      clientId: address.get("client"),
      conversationId: "",
      members: "",
      signature: "",
      timestamp: "",
      nonce: "",
    },
    schema: shape,
    onSubmit: async (given) => setVerdict(await check(action, given)),
  });
  return (
    <div class="columns">
      <Section title={text.title}>
        <form class="stack" onSubmit={(event) => void form.submit(event)}>
          <p class="faint">{text.help}</p>
          <SelectField
            label={text.action}
            value={action}
            options={actions.map((value) => ({ value, label: text.actions[value] }))}
            onChange={(chosen) => address.set({ action: chosen === "login" ? "" : chosen })}
          />
          <Field
            label={text.client}
            code
            value={form.values.clientId}
            onChange={(value) => form.set("clientId", value)}
            error={form.error("clientId")}
          />
          {needsConversation(action) && (
            <Field
              label={text.conversation}
              code
              value={form.values.conversationId}
              onChange={(value) => form.set("conversationId", value)}
            />
          )}
          {needsMembers(action) && (
            <TextArea
              label={text.members}
              code
              rows={2}
              help={text.membersHelp}
              value={form.values.members}
              onChange={(value) => form.set("members", value)}
            />
          )}
          <Field
            label={text.signature}
            code
            value={form.values.signature}
            onChange={(value) => form.set("signature", value)}
            error={form.error("signature") ?? form.problem}
          />
          <Field
            label={text.timestamp}
            code
            help={text.timestampHelp}
            value={form.values.timestamp}
            onChange={(value) => form.set("timestamp", value)}
            error={form.error("timestamp")}
          />
          <Field
            label={text.nonce}
            code
            value={form.values.nonce}
            onChange={(value) => form.set("nonce", value)}
          />
          <footer class="actions">
            <Button type="submit" look="main" busy={form.busy}>
              {text.check}
            </Button>
          </footer>
        </form>
      </Section>
      {verdict && <VerdictCard verdict={verdict} />}
    </div>
  );
}

function VerdictCard({ verdict }: { verdict: Verdict }) {
  const text = useText(signatureText);
  return (
    <Section title={text.verdict}>
      <div class="stack" role="status">
        <p class="actions">
          <Badge tone={verdict.valid ? "good" : "bad"}>{verdict.valid ? text.valid : text.invalid}</Badge>
          <span class="faint">{verdict.required ? text.required : text.notRequired}</span>
        </p>
        {verdict.mistakes.length > 0 && (
          <ul class="user-list">
            {verdict.mistakes.map(({ code, text: why }) => (
              <li key={code}>
                <span>{why}</span>
                <code class="faint">{code}</code>
              </li>
            ))}
          </ul>
        )}
        {verdict.expected.length > 0 && (
          <div>
            <h3>{text.expected}</h3>
            <ul class="user-list">
              {verdict.expected.map((each) => (
                <li key={each}>
                  <Id>{each}</Id>
                </li>
              ))}
            </ul>
          </div>
        )}
      </div>
    </Section>
  );
}
