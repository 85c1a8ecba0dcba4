export interface Bar {
  label: string;
  value: number;
  /** What is written behind it. */
  text: string;
  isOurs: boolean;
}

/** Bars that may be compared with each other. */
export interface BarGroup {
  title: string;
  bars: readonly Bar[];
}

const WIDTH = 760;
const LABELS = 210;
const TEXTS = 110;
const ROW = 24;
const TITLE = 40;
const BAR = 15;

/** Bars that lie, as an SVG that is readable on light and on dark, with the reader's own fonts. */
export function plot(title: string, groups: readonly BarGroup[]): string {
  const most = Math.max(...groups.flatMap(({ bars }) => bars.map(({ value }) => value)));
  const parts: string[] = [];
  let y = 34;
  for (const group of groups) {
    y += TITLE;
    parts.push(`<text class="group" x="0" y="${y - 12}">${escaped(group.title)}</text>`);
    for (const bar of group.bars) {
      const width = Math.max(1, Math.round((bar.value / most) * (WIDTH - LABELS - TEXTS)));
      const middle = y + BAR / 2;
      parts.push(
        `<text class="label" x="${LABELS - 10}" y="${middle}">${escaped(bar.label)}</text>`,
        `<rect class="${bar.isOurs ? "ours" : "other"}" x="${LABELS}" y="${y}" width="${width}" height="${BAR}" rx="2"/>`,
        `<text class="value" x="${LABELS + width + 8}" y="${middle}">${escaped(bar.text)}</text>`,
      );
      y += ROW;
    }
  }
  const height = y + 8;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escaped(title)}">
<style>
text { font: 13px system-ui, -apple-system, "Segoe UI", sans-serif; fill: #24292f; dominant-baseline: central; }
.title { font-size: 16px; font-weight: 600; }
.group { font-weight: 600; }
.label { text-anchor: end; }
.value { fill: #57606a; }
.ours { fill: #0969da; }
.other { fill: #8c959f; }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3; }
  .value { fill: #9da7b3; }
  .ours { fill: #58a6ff; }
  .other { fill: #6e7681; }
}
</style>
<text class="title" x="0" y="16">${escaped(title)}</text>
${parts.join("\n")}
</svg>
`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
