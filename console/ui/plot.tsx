import { useEffect, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import { type Language, useLanguage, useText } from "./language.ts";
import { useSystemDark } from "./system-dark.ts";
import { uiText } from "./text.ts";
import { useTheme } from "./theme.ts";
import { tickText, timeText } from "./time.tsx";

/** A property of the styles that has the colour. */
export type PlotColour = "--good" | "--bad" | "--warn" | "--tom" | "--jerry" | "--faint";

export interface PlotSeries {
  label: string;
  colour: PlotColour;
  /** One for each time; null where nothing is known. */
  values: readonly (number | null)[];
}

export interface PlotProps {
  title: string;
  /** Milliseconds, ascending. */
  times: readonly number[];
  series: readonly PlotSeries[];
  /** Behind each number: "ms", "MB". */
  unit?: string;
  /** In pixels. */
  height?: number;
  /** A bar for each time instead of a line. */
  bars?: boolean;
}

/** What a series says in a sentence, for those who do not see it. */
export function summaryOf(series: PlotSeries, unit: string, language: Language): string {
  const known = series.values.filter((value) => value !== null);
  const last = known.at(-1);
  if (last === undefined) return `${series.label}: –`;
  const most = known.reduce((one, other) => Math.max(one, other));
  const number = (value: number): string =>
    `${value.toLocaleString(language, { maximumFractionDigits: 1 })}${unit}`;
  const words = language === "zh" ? (["最新", "最高"] as const) : (["last", "most"] as const);
  return `${series.label}: ${words[0]} ${number(last)}, ${words[1]} ${number(most)}`;
}

/** Numbers over time. The same numbers are below it as a table. */
export function Plot({ title, times, series, unit = "", height = 160, bars = false }: PlotProps) {
  const language = useLanguage();
  const text = useText(uiText);
  const theme = useTheme();
  const isSystemDark = useSystemDark();
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const [isOpen, setOpen] = useState(false);
  const shape = JSON.stringify([
    series.map(({ label, colour }) => [label, colour]),
    unit,
    height,
    bars,
    language,
  ]);
  const spaced = unit === "" ? "" : ` ${unit}`;

  // Made anew for other series or colours; other numbers are only put in.
  useEffect(() => {
    const element = place.current;
    if (element === null) return;
    const made = new uPlot(
      optionsOf(element, { series, unit: spaced, height, bars, language }),
      dataOf(times, series),
      element,
    );
    plot.current = made;
    const observer = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
      plot.current = undefined;
    };
  }, [shape, theme, isSystemDark]);
  useEffect(() => plot.current?.setData(dataOf(times, series)), [times, series]);

  return (
    <figure class="plot">
      <figcaption>
        <strong>{title}</strong>
        {series.map((each) => (
          <span key={each.label} class="plot-label">
            <i class={`dot ${each.colour.slice(2)}`} />
            {summaryOf(each, spaced, language)}
          </span>
        ))}
      </figcaption>
      <div ref={place} aria-hidden="true" style={{ height: `${height}px` }} />
      <details onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary>{text.asTable}</summary>
        {/* A table of thousands of rows helps nobody, and one that nobody sees costs time with each new number. */}
        {isOpen && (
          <NumberTable times={times.slice(-120)} series={series} from={Math.max(0, times.length - 120)} />
        )}
      </details>
    </figure>
  );
}

function NumberTable({
  times,
  series,
  from,
}: {
  times: readonly number[];
  series: readonly PlotSeries[];
  from: number;
}) {
  const language = useLanguage();
  return (
    <div class="scroll">
      <table class="numbers">
        <thead>
          <tr>
            <td />
            {series.map(({ label }) => (
              <th key={label} scope="col">
                {label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {times.map((time, index) => (
            <tr key={time}>
              <th scope="row">{timeText(time, language)}</th>
              {series.map(({ label, values }) => (
                <td key={label}>{values[from + index]?.toLocaleString(language) ?? "–"}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** uPlot's x axis is in seconds. */
function dataOf(times: readonly number[], series: readonly PlotSeries[]): uPlot.AlignedData {
  return [times.map((time) => time / 1000), ...series.map(({ values }) => [...values])];
}

interface Look {
  series: readonly PlotSeries[];
  unit: string;
  height: number;
  bars: boolean;
  language: Language;
}

function optionsOf(element: HTMLElement, { series, unit, height, bars, language }: Look): uPlot.Options {
  const colourOf = resolver(element);
  const axis = {
    stroke: colourOf("--faint"),
    font: "11px system-ui, sans-serif",
    grid: { stroke: colourOf("--line"), width: 1 },
    ticks: { show: false },
  };
  const paths = bars && uPlot.paths.bars ? uPlot.paths.bars({ size: [0.7, 24] }) : undefined;
  return {
    width: element.clientWidth,
    height,
    legend: { show: false },
    cursor: { y: false, points: { size: 6 } },
    scales: { y: { range: (_, __, most) => [0, Math.max(1, most * 1.1)] } },
    axes: [
      Object.assign({}, axis, {
        grid: { show: false },
        space: 70,
        values: (_: uPlot, ticks: number[]) => ticks.map((tick) => tickText(tick * 1000, language)),
      }),
      Object.assign({}, axis, {
        size: 52,
        values: (_: uPlot, ticks: number[]) =>
          ticks.map((tick) => tick.toLocaleString(language, { notation: "compact" }) + unit),
      }),
    ],
    series: [
      {},
      ...series.map(({ label, colour }) => ({
        label,
        stroke: colourOf(colour),
        fill: bars ? colourOf(colour) : undefined,
        width: 1.5,
        points: { show: false },
        paths,
      })),
    ],
  };
}

/** Canvas does not know custom properties, nor `light-dark()`: an element computes them. */
function resolver(element: HTMLElement): (name: string) => string {
  return (name) => {
    const former = element.style.color;
    element.style.color = `var(${name})`;
    const colour = getComputedStyle(element).color;
    element.style.color = former;
    return colour;
  };
}
