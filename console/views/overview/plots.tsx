import { useMemo } from "preact/hooks";
import { useText } from "../../ui/language.ts";
import { Plot, type PlotColour, type PlotSeries } from "../../ui/plot.tsx";
import {
  gaugeOf,
  latencySeries,
  type MessageKind,
  type Metrics,
  messageKinds,
  seriesOf,
  timesOf,
} from "./counts.ts";
import { type OverviewText, overviewText } from "./text.ts";

const colours: Record<MessageKind, PlotColour> = {
  chat: "--tom",
  room: "--jerry",
  service: "--good",
  temporary: "--warn",
  transient: "--faint",
};

/** What was counted over time. */
export function Plots({ metrics }: { metrics: Metrics }) {
  const text = useText(overviewText);
  const times = useMemo(() => timesOf(metrics), [metrics]);
  const plots = useMemo(() => plotsOf(metrics, text), [metrics, text]);
  return (
    <div class="columns">
      {plots.map(({ title, unit = "", bars = false, series }) => (
        <div key={title} class="card">
          <Plot title={title} times={times} series={series} unit={unit} bars={bars} height={140} />
        </div>
      ))}
    </div>
  );
}

interface OnePlot {
  title: string;
  unit?: string;
  bars?: boolean;
  series: PlotSeries[];
}

function plotsOf(metrics: Metrics, text: OverviewText): OnePlot[] {
  const sum = (fits: (name: string) => boolean) => seriesOf(metrics, fits);
  const counted = (name: string) => sum((each) => each === name);
  // Kinds that an app does not use say nothing.
  const kinds = messageKinds.filter((kind) => kind === "chat" || `messages.${kind}` in metrics.series);
  return [
    {
      title: text.plots.messages,
      series: kinds.map((kind) => ({
        label: text.kinds[kind],
        colour: colours[kind],
        values: counted(`messages.${kind}`),
      })),
    },
    {
      title: text.plots.deliveries,
      series: [{ label: text.delivered, colour: "--tom", values: counted("deliveries") }],
    },
    {
      title: text.plots.people,
      series: [
        { label: text.onlineSeries, colour: "--good", values: gaugeOf(metrics, "online") },
        { label: text.sockets, colour: "--tom", values: gaugeOf(metrics, "connections") },
        { label: text.logins, colour: "--jerry", values: counted("logins") },
      ],
    },
    {
      title: text.plots.pushes,
      series: [
        { label: text.sent, colour: "--good", values: sum((name) => /^pushes\.\w+\.sent$/.test(name)) },
        {
          label: text.notSent,
          colour: "--bad",
          values: sum((name) => /^pushes\.\w+\.(failed|later)$/.test(name)),
        },
      ],
    },
    {
      title: text.plots.latency,
      unit: "ms",
      // A line has no place for a minute with calls between minutes without.
      bars: true,
      series: [{ label: text.average, colour: "--jerry", values: latencySeries(metrics) }],
    },
    {
      title: text.plots.requests,
      series: [
        { label: text.requests, colour: "--tom", values: counted("requests") },
        { label: text.failed, colour: "--bad", values: counted("requests.failed") },
      ],
    },
    {
      title: text.plots.traffic,
      unit: "kB",
      series: [
        { label: text.bytesIn, colour: "--jerry", values: counted("bytes.in").map((bytes) => bytes / 1000) },
        { label: text.bytesOut, colour: "--tom", values: counted("bytes.out").map((bytes) => bytes / 1000) },
      ],
    },
    {
      title: text.plots.events,
      series: [
        { label: text.refusals, colour: "--warn", values: sum((name) => name.startsWith("refusals.")) },
        { label: text.late, colour: "--bad", values: counted("events.errors") },
      ],
    },
  ];
}
