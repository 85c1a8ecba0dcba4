import { useQuery } from "@tanstack/preact-query";
import { useEffect, useState } from "preact/hooks";
import { contentOf, lineOf } from "../../parts/message-content.ts";
import { messageText } from "../../parts/message-text.ts";
import { useAddress } from "../../ui/address.ts";
import { Field, SelectField, TextArea } from "../../ui/field.tsx";
import { isRecord, parseJson } from "../../ui/json.ts";
import { useLanguage, useText } from "../../ui/language.ts";
import { Empty, Failure } from "../../ui/state.tsx";
import { Switch } from "../../ui/switch.tsx";
import { timeText } from "../../ui/time.tsx";
import { WhyAnswer } from "./why-answer.tsx";
import {
  type ConversationSummary,
  conversationNamed,
  conversationsOf,
  type RecentMessage,
  recentMessages,
} from "./why-queries.ts";
import { whyText } from "./why-text.ts";

/** After this long without another key, it is looked for, in milliseconds. */
const PAUSE = 400;

/** The option of a list that stands for an id that is typed. */
const OTHER = "\0other";

/** Finds out why a client was not pushed to. Whom and what it is about stands in the address. */
export function WhyNot() {
  const text = useText(whyText);
  const address = useAddress();
  const client = address.get("client");
  const conv = address.get("conv");
  const messageId = address.get("message");
  const [pushData, setPushData] = useState("");
  const [askHook, setAskHook] = useState(false);
  const found = useQuery({
    queryKey: ["push", "why", "conversations", client],
    queryFn: ({ signal }) => conversationsOf(client, signal),
    enabled: client !== "",
  });
  const chosen = useQuery({
    queryKey: ["push", "why", "conversation", conv],
    queryFn: async ({ signal }) => (await conversationNamed(conv, signal)) ?? null,
    enabled: conv !== "",
  });
  const messages = useQuery({
    queryKey: ["push", "why", "messages", conv],
    queryFn: ({ signal }) => recentMessages(conv, signal),
    enabled: conv !== "",
  });
  const recent = messages.data ?? [];
  const data = pushDataIn(pushData);
  return (
    <div class="columns push-why">
      <form class="card stack" onSubmit={(event) => event.preventDefault()}>
        <p class="faint">{text.explained}</p>
        <Typed
          key={client}
          label={text.client}
          help={text.clientHelp}
          value={client}
          onSettled={(typed) => address.set({ client: typed, conv: "", message: "" })}
        />
        {client !== "" && found.error && <Failure error={found.error} />}
        {client !== "" && found.data && (
          <ConversationChoice
            client={client}
            found={found.data}
            chosen={chosen.data ?? undefined}
            value={conv}
            onChange={(id) => address.set({ conv: id, message: "" })}
          />
        )}
        {conv !== "" && (
          <>
            <MessageChoice
              recent={recent}
              value={messageId}
              onChange={(id) => address.set({ message: id })}
            />
            <TextArea
              label={text.pushData}
              optional
              code
              rows={2}
              placeholder='{"alert": "Cheese!"}'
              help={text.pushDataHelp}
              value={pushData}
              onChange={setPushData}
              error={data === "invalid" ? text.pushDataInvalid : undefined}
            />
            <Switch label={text.askHook} checked={askHook} onChange={setAskHook} />
          </>
        )}
      </form>
      {client === "" || conv === "" ? (
        <div class="card">
          <Empty title={text.start}>{text.startHelp}</Empty>
        </div>
      ) : (
        <WhyAnswer
          subject={{ clientId: client, conversationId: conv }}
          messageId={messageId}
          sentAt={recent.find((each) => each["msg-id"] === messageId)?.timestamp}
          members={chosen.data?.members ?? []}
          pushData={data === "invalid" ? undefined : data}
          askHook={askHook}
        />
      )}
    </div>
  );
}

function pushDataIn(typed: string): Record<string, unknown> | undefined | "invalid" {
  if (typed.trim() === "") return undefined;
  const parsed = parseJson(typed);
  return parsed.isJson && isRecord(parsed.value) ? parsed.value : "invalid";
}

/** A field whose value counts once the viewer stops to type, or presses Enter. */
function Typed(props: { label: string; help?: string; value: string; onSettled(value: string): void }) {
  const [typed, setTyped] = useState(props.value);
  useEffect(() => {
    if (typed.trim() === props.value) return;
    const timer = setTimeout(() => props.onSettled(typed.trim()), PAUSE);
    return () => clearTimeout(timer);
  }, [typed]);
  return <Field label={props.label} help={props.help} value={typed} onChange={setTyped} />;
}

function ConversationChoice(props: {
  client: string;
  found: readonly ConversationSummary[];
  chosen: ConversationSummary | undefined;
  value: string;
  onChange(id: string): void;
}) {
  const text = useText(whyText);
  const { found, chosen, value } = props;
  const [isTyped, setTyped] = useState(false);
  const rows = chosen === undefined || found.some(({ id }) => id === chosen.id) ? found : [chosen, ...found];
  const isListed = rows.some(({ id }) => id === value);
  const shown = isTyped || (value !== "" && !isListed) ? OTHER : value;
  return (
    <>
      <SelectField
        label={text.conversation}
        value={shown}
        options={[
          { value: "", label: text.choose },
          ...rows.map((row) => ({ value: row.id, label: nameOf(row) })),
          { value: OTHER, label: text.otherConversation },
        ]}
        onChange={(id) => {
          setTyped(id === OTHER);
          if (id !== OTHER) props.onChange(id);
        }}
      />
      {found.length === 0 && <p class="faint">{text.noConversations(props.client)}</p>}
      {shown === OTHER && <Typed label={text.conversationId} value={value} onSettled={props.onChange} />}
    </>
  );
}

/** Its name, or its members. */
const nameOf = ({ name, members, id }: ConversationSummary): string =>
  name ? name : members.length > 0 ? members.join(", ") : id;

function MessageChoice(props: {
  recent: readonly RecentMessage[];
  value: string;
  onChange(id: string): void;
}) {
  const text = useText(whyText);
  const said = useText(messageText);
  const language = useLanguage();
  const { recent, value } = props;
  const options = recent.map((message) => ({
    value: message["msg-id"],
    label: `${timeText(message.timestamp, language)} ${message.from}: ${lineOf(contentOf(message.data, message.bin), said)}`,
  }));
  if (value !== "" && !options.some((each) => each.value === value)) options.unshift({ value, label: value });
  return (
    <SelectField
      label={text.message}
      value={value}
      options={[{ value: "", label: text.anyMessage }, ...options]}
      onChange={props.onChange}
    />
  );
}
