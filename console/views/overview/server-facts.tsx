import type { ComponentChildren } from "preact";
import { Badge } from "../../ui/badge.tsx";
import { useText } from "../../ui/language.ts";
import { Facts, Section } from "../../ui/page.tsx";
import { type Answer, Answered } from "../../ui/state.tsx";
import { Time } from "../../ui/time.tsx";
import type { Health } from "./overview-queries.ts";
import { type OverviewText, overviewText } from "./text.ts";

/** What is known of the server itself. */
export function ServerFacts({ query }: { query: Answer<Health> }) {
  const text = useText(overviewText);
  return (
    <div id="server">
      <Section title={text.server}>
        <Answered query={query}>{(health) => <Facts facts={factsOf(health, text)} />}</Answered>
      </Section>
    </div>
  );
}

type Fact = readonly [name: string, value: ComponentChildren];

function factsOf({ version, host, d1, archive, queues, mirror }: Health, text: OverviewText): Fact[] {
  const facts: Fact[] = [
    [text.version, version],
    [text.runs, host === null ? text.onCloudflare : text.onMachine],
    [
      text.d1,
      d1.answers ? (
        <Badge tone="good">{text.answers(d1.milliseconds ?? 0)}</Badge>
      ) : (
        <Badge tone="bad">{text.noAnswer}</Badge>
      ),
    ],
    [text.migration, <code>{d1.migration ?? text.unknown}</code>],
    [text.completeUntil, archive.completeUntil === null ? text.unknown : <Time at={archive.completeUntil} />],
  ];
  if (host !== null)
    facts.push([text.upSince, <Time at={host.startedAt} />], [text.crashes, `${host.restarts}`]);
  if (queues !== null)
    facts.push([
      text.queues,
      Object.entries(queues)
        .map(([name, length]) => (length === null ? `${name}: –` : text.waiting(name, length)))
        .join(" · ") || "–",
    ]);
  if (mirror !== null)
    facts.push([text.mirror, text.mirrorText(mirror.sent, mirror.received, mirror.waiting)]);
  return facts;
}
