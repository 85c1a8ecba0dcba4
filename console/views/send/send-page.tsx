import { useState } from "preact/hooks";
import { consolePath, useAddress } from "../../ui/address.ts";
import { Button } from "../../ui/button.tsx";
import { confirm } from "../../ui/confirm.tsx";
import { Field, SelectField, TextArea } from "../../ui/field.tsx";
import { useText } from "../../ui/language.ts";
import { Page, Section } from "../../ui/page.tsx";
import { Switch } from "../../ui/switch.tsx";
import { say } from "../../ui/toast.tsx";
import {
  contents,
  type Draft,
  type DraftProblem,
  emptyDraft,
  hasPriority,
  hasPush,
  type Outgoing,
  outgoingOf,
  pushesToAll,
  targets,
} from "./outgoing.ts";
import { PlaceField } from "./place-field.tsx";
import { PushPreview } from "./push-preview.tsx";
import { forget } from "./remembered.ts";
import { findPlaces, kindOf, readReach, type Sent, send, uploadPicture } from "./send-queries.ts";
import { sendText } from "./text.ts";

/** From so many members of a conversation on, the viewer is asked first. */
const MANY = 50;
const priorities = ["high", "normal", "low"] as const;

const explain = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Sends a message to whomever. Whom it is for stands in the address. */
export default function SendPage() {
  const text = useText(sendText);
  const address = useAddress();
  const target = targets.find((each) => each === address.get("to")) ?? "conversation";
  const [draft, setDraft] = useState<Draft>(() =>
    Object.assign({}, emptyDraft, { conversationId: address.get("conv"), clients: address.get("clients") }),
  );
  const [state, setState] = useState<{ tried: boolean; busy: boolean; problem?: string }>({
    tried: false,
    busy: false,
  });
  const [result, setResult] = useState<{ sent: Sent; outgoing: Outgoing }>();
  const made = outgoingOf(target, draft, Date.now());
  const change = (changed: Partial<Draft>): void => setDraft((former) => Object.assign({}, former, changed));
  const wrong = (field: DraftProblem, why = text.needed): string | undefined =>
    state.tried && "problems" in made && made.problems.includes(field) ? why : undefined;
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (state.busy) return;
    if ("problems" in made) return setState({ tried: true, busy: false });
    const { outgoing } = made;
    setState({ tried: true, busy: true });
    try {
      if (!(await isWanted(outgoing))) return setState({ tried: true, busy: false });
      const sent = await send(outgoing);
      forget();
      setResult({ sent, outgoing });
      change({ text: "", raw: "" });
      setState({ tried: false, busy: false });
      say.done(text.sent);
    } catch (error) {
      setState({ tried: true, busy: false, problem: explain(error) });
    }
  };
  const isWanted = async (outgoing: Outgoing): Promise<boolean> => {
    const { results } = await findPlaces(
      { target, id: outgoing.conversationId },
      new AbortController().signal,
    );
    const place = results.find(({ id }) => id === outgoing.conversationId);
    if (place === undefined) throw new Error(text.missing);
    const reach = await readReach(target, place, outgoing.clients);
    const isWide =
      target === "everyone" || target === "subscribers" || target === "room" || reach.count >= MANY;
    if (!isWide) return true;
    const said = [text.reach[reach.of](reach.count)];
    if (pushesToAll(target) && outgoing.push !== undefined) said.push(text.pushReach);
    return confirm({
      title: text.sureTitle,
      text: said.join(" "),
      action: text.send,
      look: "main",
    });
  };
  const upload = async (file: File | undefined): Promise<void> => {
    if (file === undefined) return;
    try {
      const picture = await uploadPicture(file);
      change({ picture, imageUrl: picture.url });
    } catch (error) {
      say.failed(explain(error));
    }
  };
  return (
    <Page title={text.title}>
      <div class="columns">
        <Section title={text.title}>
          <form class="stack" onSubmit={(event) => void submit(event)}>
            <SelectField
              label={text.target}
              value={target}
              options={targets.map((value) => ({ value, label: text.targets[value] }))}
              onChange={(to) => {
                // An id of another kind would only be refused.
                if (kindOf(to) !== kindOf(target)) change({ conversationId: "" });
                address.set({ to: to === "conversation" ? "" : to });
              }}
            />
            <PlaceField
              target={target}
              value={draft.conversationId}
              onChange={(conversationId) => change({ conversationId })}
              error={wrong("conversationId")}
            />
            {target === "clients" && (
              <TextArea
                label={text.clients}
                code
                rows={2}
                help={text.clientsHelp}
                value={draft.clients}
                onChange={(clients) => change({ clients })}
                error={wrong("clients", text.problems.clients)}
              />
            )}
            <Field
              label={text.from}
              code
              value={draft.from}
              onChange={(from) => change({ from })}
              error={wrong("from")}
            />
            <SelectField
              label={text.content}
              value={draft.content}
              options={contents.map((value) => ({ value, label: text.contents[value] }))}
              onChange={(content) => change({ content })}
            />
            {draft.content === "image" && (
              <>
                <Field
                  label={text.imageUrl}
                  type="url"
                  value={draft.imageUrl}
                  onChange={(imageUrl) => change({ imageUrl })}
                  error={wrong("imageUrl", text.problems.imageUrl)}
                />
                <label class="field">
                  {text.upload}
                  <input
                    type="file"
                    accept="image/*"
                    onChange={(event) => void upload(event.currentTarget.files?.[0])}
                  />
                </label>
              </>
            )}
            {draft.content === "raw" ? (
              <TextArea
                label={text.raw}
                code
                rows={5}
                value={draft.raw}
                onChange={(raw) => change({ raw })}
                error={wrong("raw")}
              />
            ) : (
              <TextArea
                label={draft.content === "text" ? text.text : text.caption}
                rows={3}
                value={draft.text}
                onChange={(said) => change({ text: said })}
                error={wrong("text")}
              />
            )}
            <Switch
              label={text.transient}
              checked={draft.transient}
              onChange={(transient) => change({ transient })}
            />
            <Switch
              label={text.mentionAll}
              checked={draft.mentionAll}
              onChange={(mentionAll) => change({ mentionAll })}
            />
            {hasPriority(target) && (
              <SelectField
                label={text.priority}
                value={draft.priority}
                options={priorities.map((value) => ({ value, label: text.priorities[value] }))}
                onChange={(priority) => change({ priority })}
              />
            )}
            {hasPush(target, draft) && (
              <TextArea
                label={text.push}
                code
                rows={2}
                help={pushesToAll(target) ? text.pushToAllHelp : text.pushHelp}
                value={draft.push}
                onChange={(push) => change({ push })}
                error={wrong("push", text.problems.push)}
              />
            )}
            {target === "everyone" && !draft.transient && (
              <Field
                label={text.validTill}
                type="datetime-local"
                help={text.validTillHelp}
                value={draft.validTill}
                onChange={(validTill) => change({ validTill })}
                error={wrong("validTill", text.problems.validTill)}
              />
            )}
            {state.problem && (
              <p class="bad" role="alert">
                {state.problem}
              </p>
            )}
            <footer class="actions">
              <Button type="submit" look="main" busy={state.busy}>
                {text.send}
              </Button>
            </footer>
          </form>
        </Section>
        <div class="stack">
          {result && <Outcome sent={result.sent} outgoing={result.outgoing} />}
          {(target === "conversation" || target === "clients") && "outgoing" in made && (
            <PushPreview outgoing={made.outgoing} />
          )}
        </div>
      </div>
    </Page>
  );
}

function Outcome({ sent, outgoing }: { sent: Sent; outgoing: Outgoing }) {
  const text = useText(sendText);
  const id = sent["msg-id"];
  return (
    <Section title={text.sent}>
      {outgoing.transient ? (
        <p>{text.notKept}</p>
      ) : (
        <p>
          {text.sentAs}{" "}
          <a href={consolePath("conversations", outgoing.conversationId, "messages", id)}>{id}</a>
        </p>
      )}
    </Section>
  );
}
