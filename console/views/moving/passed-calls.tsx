import { countText } from "../../ui/amount.ts";
import { type Column, DataTable } from "../../ui/data-table.tsx";
import { useLanguage, useText } from "../../ui/language.ts";
import { Section } from "../../ui/page.tsx";
import { Empty } from "../../ui/state.tsx";
import { Time } from "../../ui/time.tsx";
import type { Call, PassedCalls } from "./moving-queries.ts";
import { movingText } from "./text.ts";

const EXAMPLE = `curl -X PATCH ${location.origin}/admin/settings \\
  -H "X-LC-Id: $APP_ID" -H "X-LC-Key: $MASTER_KEY,master" \\
  -H "Content-Type: application/json" \\
  -d '{"events": {"logDays": 7}, "upstream": {"log": true}}'`;

/** What builds still call of that which Parley passes on, by build and path. */
export function PassedCallList({ passed }: { passed: PassedCalls }) {
  const text = useText(movingText);
  const language = useLanguage();
  const number = (count: number): string => countText(count, language);
  const link = <a href="/console/settings?group=upstream">{text.settingsLink}</a>;
  return (
    <Section title={text.calls} actions={link}>
      {passed.log_days === 0 ? (
        <Empty title={text.noLog} example={EXAMPLE}>
          {text.noLogHelp}
        </Empty>
      ) : (
        <DataTable
          label={text.calls}
          columns={columnsOf(text, number)}
          rows={passed.calls}
          keyOf={({ method, path, user_agent }) => `${method} ${path} ${user_agent}`}
          empty={<Empty title={text.noCalls}>{text.noCallsHelp}</Empty>}
        />
      )}
      {passed.calls.length > 0 && <p class="faint">{text.callsHelp(number(passed.looked_at))}</p>}
    </Section>
  );
}

const columnsOf = (text: (typeof movingText)["en"], number: (count: number) => string): Column<Call>[] => [
  {
    id: "path",
    label: text.path,
    width: "minmax(9rem, 2fr)",
    value: ({ path }) => path,
    render: ({ method, path }) => (
      <code title={`${method} ${path}`}>
        {method} {path}
      </code>
    ),
  },
  {
    id: "build",
    label: text.build,
    width: "minmax(5rem, 1.2fr)",
    value: ({ user_agent }) => user_agent,
    render: ({ user_agent }) => <span title={user_agent ?? ""}>{user_agent ?? text.unknownBuild}</span>,
  },
  {
    id: "count",
    label: text.count,
    width: "4.5rem",
    align: "end",
    value: ({ count }) => count,
    render: ({ count }) => number(count),
  },
  {
    id: "failed",
    label: text.failed,
    width: "4.5rem",
    align: "end",
    wideOnly: true,
    value: ({ failed }) => failed,
    render: ({ failed }) => number(failed),
  },
  {
    id: "last",
    label: text.last,
    width: "8.5rem",
    wideOnly: true,
    value: ({ last_at }) => last_at,
    render: ({ last_at }) => <Time at={last_at} />,
  },
];
