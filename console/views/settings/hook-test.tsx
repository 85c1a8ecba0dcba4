import { useMutation } from "@tanstack/preact-query";
import { useState } from "preact/hooks";
import { useAddress } from "../../ui/address.ts";
import { Badge, type Tone } from "../../ui/badge.tsx";
import { Button } from "../../ui/button.tsx";
import { Field, SelectField } from "../../ui/field.tsx";
import { parseJson } from "../../ui/json.ts";
import { JsonView } from "../../ui/json-view.tsx";
import { useText } from "../../ui/language.ts";
import { Facts, Section } from "../../ui/page.tsx";
import { Failure } from "../../ui/state.tsx";
import type { SettingsEditor } from "./draft.ts";
import { type HookResult, hookEvents, hookTargets, testHook } from "./settings-queries.ts";
import { toolText } from "./tool-text.ts";

const tones = { answered: "good", "not called": "warn", failed: "bad" } as const satisfies Record<
  string,
  Tone
>;

/** Calls a hook once, and shows the request and the answer. */
export function HookTest({ editor }: { editor: SettingsEditor }) {
  const text = useText(toolText);
  const address = useAddress();
  const target = hookTargets.find((each) => each === address.get("hook")) ?? "webhooks";
  const event = hookEvents.find((each) => each === address.get("event")) ?? "messageSent";
  const [typed, setTyped] = useState<string>();
  const [secret, setSecret] = useState("");
  // What is typed in the setting below can be tried before it is saved.
  const unsaved = editor.typed[`${target}.url`];
  const url = typed ?? unsaved ?? "";
  const call = useMutation({
    mutationFn: () =>
      testHook({
        target,
        event,
        url: url === "" ? undefined : url,
        secret: secret === "" ? undefined : secret,
      }),
  });
  return (
    <Section title={text.testTitle}>
      <form
        class="stack"
        onSubmit={(submitted) => {
          submitted.preventDefault();
          call.mutate();
        }}
      >
        <p class="faint">{text.testHelp}</p>
        <div class="columns narrow">
          <SelectField
            label={text.target}
            value={target}
            options={hookTargets.map((value) => ({ value, label: text.targets[value] }))}
            onChange={(hook) => {
              address.set({ hook });
              call.reset();
            }}
          />
          <SelectField
            label={text.event}
            value={event}
            options={hookEvents.map((value) => ({ value, label: value }))}
            onChange={(chosen) => address.set({ event: chosen })}
          />
          <Field
            label={text.url}
            help={typed === undefined && unsaved ? text.notSaved : text.urlHelp}
            type="url"
            optional
            value={url}
            onChange={setTyped}
          />
          <Field
            label={text.secret}
            type="password"
            autocomplete="new-password"
            optional
            value={secret}
            onChange={setSecret}
          />
        </div>
        <div class="actions">
          <Button type="submit" look="main" busy={call.isPending}>
            {text.test}
          </Button>
        </div>
      </form>
      {call.error && <Failure error={call.error} />}
      {call.data && <Result result={call.data} />}
    </Section>
  );
}

function Result({ result }: { result: HookResult }) {
  const text = useText(toolText);
  const { outcome, problem, milliseconds, request, response } = result;
  return (
    <div class="stack" role="status">
      <p class="actions">
        <Badge tone={tones[outcome]}>{text.outcomes[outcome]}</Badge>
        <span>{text.milliseconds(milliseconds)}</span>
        {problem !== null && <span class="bad">{problem}</span>}
      </p>
      <div class="columns">
        {request !== null && (
          <Message title={text.request} line={`${request.method} ${request.url}`} message={request} />
        )}
        {response === null ? (
          <p class="faint">{text.noResponse}</p>
        ) : (
          <Message title={text.response} line={String(response.status)} message={response} />
        )}
      </div>
    </div>
  );
}

interface MessageProps {
  title: string;
  /** The first line, as HTTP has it. */
  line: string;
  message: { headers: Record<string, string>; body: string };
}

function Message({ title, line, message: { headers, body } }: MessageProps) {
  const text = useText(toolText);
  const parsed = parseJson(body);
  return (
    <section class="hook-message" aria-label={title}>
      <h3>{title}</h3>
      <p>
        <code>{line}</code>
      </p>
      <details>
        <summary>{text.headers}</summary>
        <Facts
          facts={Object.entries(headers).map(([name, value]) => [name, <code key={name}>{value}</code>])}
        />
      </details>
      <h4 class="faint">{text.body}</h4>
      {body === "" ? (
        <p class="faint">{text.noBody}</p>
      ) : parsed.isJson ? (
        <JsonView value={parsed.value} />
      ) : (
        <pre>
          <code>{body}</code>
        </pre>
      )}
    </section>
  );
}
