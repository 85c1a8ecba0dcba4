import { useAddress } from "../../ui/address.ts";
import { countText } from "../../ui/amount.ts";
import { Badge, type Tone } from "../../ui/badge.tsx";
import { type Column, DataTable } from "../../ui/data-table.tsx";
import { useLanguage, useText } from "../../ui/language.ts";
import { Facts, Section } from "../../ui/page.tsx";
import { Time } from "../../ui/time.tsx";
import { Commands } from "./commands.tsx";
import { DifferenceList } from "./difference-list.tsx";
import type { Run } from "./moving-queries.ts";
import { type Condition, conditionOf, unexpectedCount } from "./run-condition.ts";
import { movingText } from "./text.ts";

const tones: Record<Condition, Tone> = { running: "info", silent: "warn", done: "good", stopped: "bad" };

/** What commands reported, the newest first; and the commands. The open run stands in the address. */
export function RunList({ runs }: { runs: readonly Run[] }) {
  const text = useText(movingText);
  const address = useAddress();
  if (runs.length === 0) {
    return (
      <Section title={text.noRuns}>
        <p class="moving-help">{text.noRunsHelp}</p>
        <Commands />
      </Section>
    );
  }
  const open = address.get("run") || runs[0]?.run;
  return (
    <Section title={text.runs}>
      <div class="stack">
        {runs.map((run) => (
          <details key={run.run} class="moving-run" open={run.run === open}>
            {/* biome-ignore lint/a11y/noStaticElementInteractions: a summary takes clicks and Enter like a button */}
            <summary
              onClick={(event) => {
                // The address says which one is open.
                event.preventDefault();
                address.set({ run: run.run === open ? "none" : run.run });
              }}
            >
              <RunSummary run={run} />
            </summary>
            <RunDetails run={run} />
          </details>
        ))}
        <details class="moving-run">
          <summary>{text.commandsAgain}</summary>
          <Commands />
        </details>
      </div>
    </Section>
  );
}

function RunSummary({ run }: { run: Run }) {
  const text = useText(movingText);
  const language = useLanguage();
  const condition = conditionOf(run, Date.now());
  const wrong = unexpectedCount(run.differences ?? []);
  return (
    <>
      <strong>{text.commands[run.command]}</strong>
      <Badge tone={tones[condition]}>{text.conditions[condition]}</Badge>
      {wrong > 0 && (
        <Badge tone="bad">
          {(run.command === "export" ? text.missingCount : text.unexpected)(countText(wrong, language))}
        </Badge>
      )}
      <span class="faint">
        <Time at={run.updated_at} />
      </span>
    </>
  );
}

function RunDetails({ run }: { run: Run }) {
  const text = useText(movingText);
  const language = useLanguage();
  const { rows, share, stage, stages = [], differences } = run;
  const condition = conditionOf(run, Date.now());
  return (
    <div class="stack">
      {run.why !== undefined && (
        <p class="bad" role="alert">
          {run.why}
        </p>
      )}
      {condition === "silent" && <p>{text.silentHelp}</p>}
      {condition === "stopped" && <p>{text.stoppedHelp}</p>}
      {share !== undefined && condition !== "done" && (
        <div>
          <progress
            aria-label={stage === undefined ? text.stage : kindOf(stage, text)}
            value={share}
            max={1}
          />
          <small class="faint">{text.share(Math.floor(share * 100))}</small>
        </div>
      )}
      <Facts
        facts={[
          ...(run.source === undefined
            ? []
            : [[text.source, <code key="source">{run.source}</code>] as const]),
          ...(stage === undefined
            ? []
            : [
                [
                  text.stage,
                  `${kindOf(stage, text)}${rows === undefined ? "" : `: ${text.rows(countText(rows, language))}`}`,
                ] as const,
              ]),
          [text.started, <Time key="started" at={run.started_at} />],
          [text.reported, <Time key="reported" at={run.updated_at} />],
        ]}
      />
      {stages.length > 0 && (
        <>
          <h3>{text.stages}</h3>
          <DataTable
            label={text.stages}
            columns={stageColumns(text, (count) => countText(count, language))}
            rows={stages}
            keyOf={({ stage: name }) => name}
          />
          {stages.some(({ refused }) => refused > 0) && <p class="faint">{text.refusedHelp}</p>}
        </>
      )}
      {differences !== undefined && (
        <DifferenceList differences={differences} isExport={run.command === "export"} />
      )}
    </div>
  );
}

type Stage = NonNullable<Run["stages"]>[number];

const kindOf = (stage: string, { kinds }: (typeof movingText)["en"]): string => kinds[stage] ?? stage;

function stageColumns(text: (typeof movingText)["en"], shown: (count: number) => string): Column<Stage>[] {
  const numbers = ["added", "changed", "kept", "refused"] as const;
  return [
    {
      id: "kind",
      label: text.kind,
      width: "minmax(6rem, 2fr)",
      value: ({ stage }) => kindOf(stage, text),
      render: ({ stage }) => kindOf(stage, text),
    },
    ...numbers.map((name): Column<Stage> => {
      const column = { id: name, label: text[name], align: "end" as const, value: (row: Stage) => row[name] };
      const render = (row: Stage) =>
        name === "refused" && row.refused > 0 ? (
          <span class="bad">{shown(row.refused)}</span>
        ) : (
          shown(row[name])
        );
      return Object.assign(column, { render, wideOnly: name === "kept" || name === "changed" });
    }),
  ];
}
