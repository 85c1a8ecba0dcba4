import { useQuery } from "@tanstack/preact-query";
import { consolePath } from "../../ui/address.ts";
import { countText } from "../../ui/amount.ts";
import { type Column, DataTable } from "../../ui/data-table.tsx";
import { useLanguage, useText } from "../../ui/language.ts";
import { Facts, Section } from "../../ui/page.tsx";
import { Answered, Empty } from "../../ui/state.tsx";
import { Time } from "../../ui/time.tsx";
import { type Mirror, readMirror } from "./moving-queries.ts";
import { movingText } from "./text.ts";

const EXAMPLE = `curl -X PATCH ${location.origin}/admin/settings \\
  -H "X-LC-Id: $APP_ID" -H "X-LC-Key: $MASTER_KEY,master" \\
  -H "Content-Type: application/json" \\
  -d '{"mirror": {"server": "https://abcdefgh.lc-cn-n1-shared.com"}}'`;

/** How messages go to LeanCloud and come from there: counts, and conversations where something waits or was left out. */
export function MirrorState() {
  const text = useText(movingText);
  const query = useQuery({ queryKey: ["mirror"], queryFn: ({ signal }) => readMirror(signal) });
  return (
    <Section title={text.mirror}>
      <Answered query={query}>
        {(mirror) =>
          mirror.server === null && mirror.sent + mirror.received + mirror.leftOut === 0 ? (
            <Empty title={text.mirrorOff} example={EXAMPLE}>
              {text.mirrorOffHelp}
            </Empty>
          ) : (
            <MirrorCounts mirror={mirror} />
          )
        }
      </Answered>
    </Section>
  );
}

function MirrorCounts({ mirror }: { mirror: Mirror }) {
  const text = useText(movingText);
  const language = useLanguage();
  const number = (count: number): string => countText(count, language);
  return (
    <div class="stack">
      <Facts
        facts={[
          [text.mirrorServer, mirror.server === null ? text.off : <code key="server">{mirror.server}</code>],
          [text.sent, number(mirror.sent)],
          [text.received, number(mirror.received)],
          [text.waiting, number(mirror.waiting)],
          [text.leftOut, number(mirror.leftOut)],
        ]}
      />
      <DataTable
        label={text.mirror}
        columns={columnsOf(text, number)}
        rows={mirror.conversations}
        keyOf={({ conversationId }) => conversationId}
        hrefOf={({ conversationId }) => consolePath("conversations", conversationId)}
        empty={<p class="good">{text.mirrorFine}</p>}
      />
    </div>
  );
}

type Row = Mirror["conversations"][number];

const columnsOf = (text: (typeof movingText)["en"], number: (count: number) => string): Column<Row>[] => [
  {
    id: "conversation",
    label: text.conversation,
    width: "minmax(7rem, 1fr)",
    render: ({ conversationId }) => <code>{conversationId}</code>,
  },
  {
    id: "waiting",
    label: text.waiting,
    width: "5rem",
    align: "end",
    value: ({ waiting }) => waiting,
    render: ({ waiting }) => number(waiting),
  },
  {
    id: "since",
    label: text.since,
    width: "8.5rem",
    wideOnly: true,
    value: ({ waitingSince }) => waitingSince,
    render: ({ waitingSince }) => (waitingSince === null ? "–" : <Time at={waitingSince} />),
  },
  {
    id: "leftOut",
    label: text.leftOut,
    width: "5rem",
    align: "end",
    value: ({ leftOut }) => leftOut,
    render: ({ leftOut }) => number(leftOut),
  },
  {
    id: "problem",
    label: text.problem,
    width: "minmax(6rem, 2fr)",
    render: ({ problem, leftOutWhy }) => {
      const why = problem ?? leftOutWhy ?? "–";
      return <span title={why}>{why}</span>;
    },
  },
];
