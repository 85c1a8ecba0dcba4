import { consolePath } from "../../ui/address.ts";
import { countText, dollarText } from "../../ui/amount.ts";
import { type Column, DataTable } from "../../ui/data-table.tsx";
import { type Language, useLanguage, useText } from "../../ui/language.ts";
import { Facts, Section } from "../../ui/page.tsx";
import { Plot } from "../../ui/plot.tsx";
import { Empty } from "../../ui/state.tsx";
import { everyDay } from "./days.ts";
import { type UsageText, usageText } from "./text.ts";
import type { BusyConversation, Usage } from "./usage-queries.ts";

const MILLION = 1_000_000;
/** What a few messages cost says nothing of a million. */
const ENOUGH = 1_000;

/** The usage of some days: sums, by days, by what is billed, and by conversations. */
export function UsageReport({ usage }: { usage: Usage }) {
  const text = useText(usageText);
  const language = useLanguage();
  const { totals, prices_as_of: pricesAsOf } = usage;
  if (usage.days.length === 0) return <Empty title={text.nothing}>{text.nothingHelp}</Empty>;
  const { messages, dollars } = totals;
  const perMillion = messages < ENOUGH ? "–" : dollarText((dollars / messages) * MILLION, language);
  return (
    <div class="stack">
      <Section title={`${usage.from} – ${usage.to}`}>
        <Facts
          facts={[
            [text.messages, countText(messages, language)],
            [text.dollars, dollarText(dollars, language)],
            [text.perMillion, perMillion],
            [text.prices, pricesAsOf],
          ]}
        />
      </Section>
      <Days usage={usage} />
      <Section title={text.byMeter}>
        <DataTable
          label={text.byMeter}
          columns={meterColumns(text, language)}
          rows={metersOf(usage)}
          keyOf={({ meter }) => meter}
        />
      </Section>
      <Section title={text.busiest}>
        <p class="faint">{text.busiestHelp}</p>
        <DataTable
          label={text.busiest}
          columns={conversationColumns(text, language)}
          rows={totals.conversations}
          keyOf={({ id }) => id}
          hrefOf={({ id }) => consolePath("conversations", id)}
          empty={<p>{text.noneBusy}</p>}
        />
      </Section>
    </div>
  );
}

function Days({ usage }: { usage: Usage }) {
  const text = useText(usageText);
  const days = everyDay(usage.from, usage.to, usage.days);
  const times = days.map(({ at }) => at);
  const plots = [
    { title: text.messages, colour: "--tom", values: days.map(({ messages }) => messages) },
    { title: text.cents, colour: "--jerry", values: days.map(({ dollars }) => dollars * 100) },
  ] as const;
  return (
    <div class="columns">
      {plots.map(({ title, colour, values }) => (
        <div key={title} class="card">
          <Plot title={title} times={times} series={[{ label: title, colour, values }]} bars height={140} />
        </div>
      ))}
    </div>
  );
}

interface Meter {
  meter: string;
  used: number;
  dollars: number;
}

/** What was used at all, the dearest first. */
const metersOf = ({ totals: { used, costs } }: Usage): Meter[] =>
  Object.entries(used)
    .map(([meter, amount]) => ({ meter, used: amount, dollars: costs[meter] ?? 0 }))
    .filter(({ used: amount }) => amount > 0)
    .sort((one, other) => other.dollars - one.dollars);

function meterColumns(text: UsageText, language: Language): Column<Meter>[] {
  const names: Record<string, string> = text.meters;
  const nameOf = ({ meter }: Meter) => names[meter] ?? meter;
  return [
    { id: "meter", label: text.meter, width: "minmax(6rem, 2fr)", value: nameOf, render: nameOf },
    {
      id: "used",
      label: text.used,
      align: "end",
      value: ({ used }) => used,
      render: ({ used }) => countText(used, language),
    },
    {
      id: "cost",
      label: text.cost,
      align: "end",
      value: ({ dollars }) => dollars,
      render: ({ dollars }) => dollarText(dollars, language),
    },
  ];
}

const conversationColumns = (text: UsageText, language: Language): Column<BusyConversation>[] => [
  { id: "conversation", label: text.conversation, width: "minmax(6rem, 2fr)", render: ({ id }) => id },
  {
    id: "messages",
    label: text.messages,
    align: "end",
    value: ({ messages }) => messages,
    render: ({ messages }) => countText(messages, language),
  },
  {
    id: "rows",
    label: text.rows,
    align: "end",
    value: ({ rows }) => rows,
    render: ({ rows }) => countText(rows, language),
  },
];
