import { useAddress } from "../../ui/address.ts";
import { Badge, type Tone } from "../../ui/badge.tsx";
import { useText } from "../../ui/language.ts";
import { Page, Section } from "../../ui/page.tsx";
import { Answered } from "../../ui/state.tsx";
import { Tabs } from "../../ui/tabs.tsx";
import { AttentionList } from "./attention-list.tsx";
import { CountTables } from "./count-tables.tsx";
import { type Metrics, withMinutes } from "./counts.ts";
import { FirstSteps } from "./first-steps.tsx";
import { type Live, useLive } from "./live.ts";
import { Numbers } from "./numbers.tsx";
import { type Range, ranges, useAttention, useHealth, useIsEmpty, useMetrics } from "./overview-queries.ts";
import { Plots } from "./plots.tsx";
import { ServerFacts } from "./server-facts.tsx";
import { overviewText } from "./text.ts";

const tones: Record<Live["phase"], Tone> = {
  connecting: "plain",
  live: "good",
  lost: "bad",
  paused: "plain",
};

/** How the server is, now and in the last hour, day or month. */
export default function OverviewPage() {
  const text = useText(overviewText);
  const live = useLive();
  const health = useHealth();
  const attention = useAttention();
  const hour = useMetrics("hour");
  const isEmpty = useIsEmpty();
  const address = useAddress();
  const range = ranges.find((each) => each === address.get("range")) ?? "hour";
  return (
    <Page
      title={text.title}
      actions={
        <span role="status">
          <Badge tone={tones[live.phase]}>{text.phases[live.phase]}</Badge>
        </span>
      }
    >
      {isEmpty.data && <FirstSteps />}
      <Section title={text.attention}>
        <Answered query={attention} lines={2}>
          {({ results }) => (
            <AttentionList results={results} switchesOff={health.data?.switchesOff ?? null} />
          )}
        </Answered>
      </Section>
      <Numbers live={live} health={health.data} totals={hour.data?.totals} />
      <Tabs
        label={text.range}
        tabs={ranges.map((id) => ({
          id,
          label: text.ranges[id],
          render: () => <Past range={id} live={live} />,
        }))}
        current={range}
        onChange={(id) => address.set({ range: id === "hour" ? "" : id })}
      />
      <ServerFacts query={health} />
    </Page>
  );
}

function Past({ range, live }: { range: Range; live: Live }) {
  const query = useMetrics(range);
  return (
    <Answered query={query} lines={8}>
      {(metrics) => (
        <div class="stack">
          <Plots metrics={range === "hour" ? withLive(metrics, live) : metrics} />
          <CountTables totals={metrics.totals} />
        </div>
      )}
    </Answered>
  );
}

const withLive = (hour: Metrics, { snapshot }: Live): Metrics =>
  snapshot === undefined ? hour : withMinutes(hour, snapshot.minutes, snapshot.online);
