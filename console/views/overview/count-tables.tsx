import type { ComponentChildren } from "preact";
import { countText } from "../../ui/amount.ts";
import { useLanguage, useText } from "../../ui/language.ts";
import { Section } from "../../ui/page.tsx";
import { hooksOf, providersOf, refusalsOf } from "./counts.ts";
import { overviewText } from "./text.ts";

/** The most frequent refusals are shown. */
const REFUSALS = 8;

/** Sums of a range that plots do not tell apart: by provider, endpoint and error, where there are any. */
export function CountTables({ totals }: { totals: Record<string, number> }) {
  const text = useText(overviewText);
  const language = useLanguage();
  const number = (count: number) => countText(count, language);
  const time = (milliseconds: number) => `${number(milliseconds)} ms`;
  const endpoints: Record<string, string> = text.endpoints;
  return (
    <div class="columns">
      <Sums
        title={text.pushes}
        head={[text.provider, text.results.sent, text.results.gone, text.results.failed, text.results.later]}
        rows={providersOf(totals).map(({ provider, sent, gone, failed, later }) => [
          provider,
          number(sent),
          number(gone),
          <span class={failed > 0 ? "bad" : ""}>{number(failed)}</span>,
          number(later),
        ])}
      />
      <Sums
        title={text.hooks}
        head={[text.endpoint, text.calls, text.failures, text.averageTime, text.longest, text.slow]}
        rows={hooksOf(totals).map(({ endpoint, calls, failures, averageMs, longestMs, slow }) => [
          endpoints[endpoint] ?? endpoint,
          number(calls),
          <span class={failures > 0 ? "bad" : ""}>{number(failures)}</span>,
          time(averageMs),
          time(longestMs),
          slow.toLocaleString(language, { style: "percent" }),
        ])}
      />
      <Sums
        title={text.refused}
        head={[text.code, text.count]}
        rows={refusalsOf(totals)
          .slice(0, REFUSALS)
          .map(({ code, count }) => [code, number(count)])}
      />
    </div>
  );
}

interface SumsProps {
  title: string;
  head: readonly string[];
  rows: readonly (readonly ComponentChildren[])[];
}

function Sums({ title, head, rows }: SumsProps) {
  if (rows.length === 0) return null;
  return (
    <Section title={title}>
      <table class="sums">
        <thead>
          <tr>
            {head.map((label) => (
              <th key={label} scope="col">
                {label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(([name, ...values], row) => (
            <tr key={row}>
              <th scope="row">{name}</th>
              {values.map((value, column) => (
                <td key={column}>{value}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </Section>
  );
}
