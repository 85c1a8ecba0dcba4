import { useQuery } from "@tanstack/preact-query";
import { consolePath } from "../../ui/address.ts";
import { Badge } from "../../ui/badge.tsx";
import { JsonView } from "../../ui/json-view.tsx";
import { useText } from "../../ui/language.ts";
import { Facts, Section } from "../../ui/page.tsx";
import { Answered } from "../../ui/state.tsx";
import { Time } from "../../ui/time.tsx";
import { pastOf, presentOf, type Reason, type Subject } from "./reasons.ts";
import { pushText } from "./text.ts";
import { type Ledger, type Preview, previewPush, readLedger } from "./why-queries.ts";
import { whyText } from "./why-text.ts";

interface WhyAnswerProps {
  subject: Subject;
  /** Empty: as if something were said now. */
  messageId: string;
  /** Of the message, where it is known (ms). */
  sentAt: number | undefined;
  members: readonly string[];
  pushData: Record<string, unknown> | undefined;
  askHook: boolean;
}

/** The event log is written after so long (ms), at most, and is read again until then. */
const WRITTEN = 60_000;
const AGAIN = 2_000;

/** Whether the log may soon tell more. */
const isOpen = ({ isLogOn, message, recipient }: Ledger, now: number): boolean =>
  isLogOn &&
  recipient?.pushed.results.length === 0 &&
  message !== undefined &&
  now < message.timestamp + WRITTEN;

/** What became of a push, what would become of one now, and where each cause is mended. */
export function WhyAnswer(props: WhyAnswerProps) {
  const { subject, messageId, sentAt } = props;
  const { clientId, conversationId } = subject;
  const ledger = useQuery({
    queryKey: ["push", "why", "ledger", conversationId, messageId, clientId],
    queryFn: ({ signal }) => readLedger({ conversationId, messageId, clientId, timestamp: sentAt }, signal),
    enabled: messageId !== "",
    refetchInterval: ({ state }) => (state.data && isOpen(state.data, Date.now()) ? AGAIN : false),
  });
  if (messageId === "") return <Present {...props} message={undefined} />;
  return (
    <Answered query={ledger}>
      {(known) => (
        <div class="stack">
          <Past ledger={known} subject={subject} messageId={messageId} />
          <Present {...props} message={known.message} />
        </div>
      )}
    </Answered>
  );
}

function Past({ ledger, subject, messageId }: { ledger: Ledger; subject: Subject; messageId: string }) {
  const text = useText(whyText);
  const { recipient, isLogOn, message } = ledger;
  const { clientId, conversationId } = subject;
  const { verdict, reasons } = pastOf(
    {
      isLogOn,
      hasMessage: message !== undefined,
      recipient: recipient && {
        pushed: recipient.pushed,
        wasOnline: recipient.online_when_sent.is === true,
      },
    },
    subject,
  );
  return (
    <Section title={text.past}>
      <div class="stack">
        <p class="push-verdict" aria-live="polite">
          {text.verdicts[verdict](clientId)}
        </p>
        <Reasons reasons={reasons} />
        {recipient && (
          <Facts
            facts={[
              [text.known.online, <Known key="online" fact={recipient.online_when_sent} />],
              [text.known.delivered, <Known key="delivered" fact={recipient.delivered} />],
              [text.known.read, <Known key="read" fact={recipient.read} />],
              [text.attempts, <Attempts key="attempts" results={recipient.pushed.results} />],
            ]}
          />
        )}
        <a href={consolePath("conversations", conversationId, "messages", messageId)}>{text.seeMessage}</a>
      </div>
    </Section>
  );
}

type Recipient = NonNullable<Ledger["recipient"]>;

function Known({ fact: { known, is, at, why = "" } }: { fact: Recipient["read"] }) {
  const text = useText(whyText);
  if (!known) return <span class="faint">{text.unknown(why)}</span>;
  return (
    <>
      {is ? text.yes : text.no}
      {at !== undefined && (
        <>
          {" "}
          <Time at={at} />
        </>
      )}
    </>
  );
}

function Attempts({ results }: { results: Recipient["pushed"]["results"] }) {
  const text = useText(whyText);
  const { providers } = useText(pushText);
  if (results.length === 0) return <span class="faint">{text.noAttempts}</span>;
  return (
    <ul>
      {results.map(({ at, outcome, provider, installation, why }, index) => (
        <li key={index}>
          <Time at={at} />{" "}
          <Badge tone={outcome === "sent" ? "good" : outcome === "later" ? "warn" : "bad"}>{outcome}</Badge>{" "}
          {provider && (providers[provider] ?? provider)}{" "}
          {installation && <a href={consolePath("push", "installations", installation)}>{installation}</a>}{" "}
          {why && <span class="faint">{why}</span>}
        </li>
      ))}
    </ul>
  );
}

type PresentProps = WhyAnswerProps & { message: Ledger["message"] };

/** Where nobody is known who could say something. */
const SOMEBODY = "somebody";

function Present({ subject, members, message, pushData, askHook }: PresentProps) {
  const text = useText(whyText);
  const { clientId, conversationId } = subject;
  const from = message?.from ?? members.find((member) => member !== clientId) ?? SOMEBODY;
  const asked = {
    client_id: clientId,
    conv_id: conversationId,
    from_client: from,
    message: message?.data ?? "?",
    ask_hook: askHook,
  };
  const preview = useQuery({
    queryKey: ["push", "why", "preview", asked, pushData],
    queryFn: ({ signal }) =>
      previewPush(pushData === undefined ? asked : Object.assign({ push_data: pushData }, asked), signal),
    placeholderData: (before) => before,
  });
  return (
    <Section title={text.now}>
      <Answered query={preview}>{(shown) => <Previewed preview={shown} subject={subject} />}</Answered>
    </Section>
  );
}

function Previewed({ preview, subject }: { preview: Preview; subject: Subject }) {
  const text = useText(whyText);
  const { would_push: would, source, content, hook, devices } = preview;
  return (
    <div class="stack">
      <p class="push-verdict" aria-live="polite">
        {text.verdicts[would ? "would push" : "would not push"](subject.clientId)}
      </p>
      <Reasons reasons={presentOf(preview, subject)} />
      {source !== undefined && <Facts facts={[[text.source, text.sources[source]]]} />}
      {content !== undefined && <JsonView value={content} />}
      {hook === "not asked" && <p class="faint">{text.notAsked}</p>}
      {devices.length > 0 && <h3>{text.preview}</h3>}
      {devices.map((device) => (
        <Device key={device.installation} device={device} />
      ))}
    </div>
  );
}

function Device({ device }: { device: Preview["devices"][number] }) {
  const { providers } = useText(pushText);
  const { installation, device_type: type, vendor, provider, payload, problem } = device;
  return (
    <div class="stack">
      <p>
        <a href={consolePath("push", "installations", installation)}>
          {vendor === undefined ? type : `${type}: ${vendor}`}
        </a>{" "}
        {provider !== undefined && <Badge tone="info">{providers[provider] ?? provider}</Badge>}
      </p>
      {problem === undefined ? <JsonView value={payload} /> : <p class="bad">{problem}</p>}
    </div>
  );
}

function Reasons({ reasons }: { reasons: readonly Reason[] }) {
  const text = useText(whyText);
  if (reasons.length === 0) return <p class="faint">{text.noReasons}</p>;
  return (
    <ul class="push-reasons">
      {reasons.map((reason, index) => (
        <li key={index}>
          <ReasonText reason={reason} />{" "}
          {reason.link && <a href={reason.link.href}>{text.mend[reason.link.mend]}</a>}
        </li>
      ))}
    </ul>
  );
}

function ReasonText({ reason }: { reason: Reason }) {
  const { reasons } = useText(whyText);
  const { providers } = useText(pushText);
  switch (reason.code) {
    case "taken":
      return <>{reasons.taken(providers[reason.provider] ?? reason.provider)}</>;
    case "gone":
    case "failed":
    case "later":
      return <>{reasons[reason.code](providers[reason.provider] ?? reason.provider, reason.why)}</>;
    case "omitted":
    case "device other":
      return <>{reasons[reason.code](reason.why)}</>;
    default:
      return <>{reasons[reason.code]}</>;
  }
}
