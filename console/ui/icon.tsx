/** Line drawings on a square of 16. */
const paths = {
  overview: "M2 13V8M6.5 13V3M11 13V6M14.5 13V10",
  conversations: "M2 3h9v6H6l-3 2.5V9H2zM13 6h1.5v5H13v2l-2.5-2H8",
  users:
    "M6 8a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5ZM1.5 14c0-3 2-4.5 4.5-4.5s4.5 1.5 4.5 4.5M11 3.3a2.3 2.3 0 0 1 0 4.4M12.3 9.8c1.4.6 2.2 2 2.2 4.2",
  send: "M14.5 1.5 1.5 6.5l5 2.5 2.5 5.5zM14.5 1.5 6.5 9",
  push: "M3.5 11.5V7a4.5 4.5 0 0 1 9 0v4.5M2 11.5h12M6.5 14h3",
  events: "M2 4h2M2 8h2M2 12h2M6 4h8M6 8h8M6 12h8",
  settings: "M2 4.5h7M13 4.5h1M2 11.5h1M7 11.5h7M11 2.7v3.6M5 9.7v3.6",
  usage: "M3 2.5h10v11H3zM5.5 5.5h5M5.5 8h5M5.5 10.5h3",
  moving: "M2 5h10.5M10 2.5 12.5 5 10 7.5M14 11H3.5M6 8.5 3.5 11 6 13.5",
  menu: "M2 4h12M2 8h12M2 12h12",
  close: "M3.5 3.5l9 9M12.5 3.5l-9 9",
  copy: "M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3",
  check: "M3 8.5l3.5 3.5L13 4.5",
  down: "M4 6l4 4 4-4",
  right: "M6 4l4 4-4 4",
  search: "M7 11.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9ZM10.5 10.5 14 14",
  more: "M3 8h.01M8 8h.01M13 8h.01",
  person: "M8 8a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM2.5 14.5C2.5 11.5 5 10 8 10s5.5 1.5 5.5 4.5",
  out: "M6.5 2.5h-4v11h4M6 8h8M11 5l3 3-3 3",
  warning: "M8 2 1.5 13.5h13zM8 6.5v3.5M8 12h.01",
  link: "M6.5 9.5a3 3 0 0 0 4.2 0l2.3-2.3a3 3 0 0 0-4.2-4.2L7.6 4.2M9.5 6.5a3 3 0 0 0-4.2 0L3 8.8A3 3 0 0 0 7.2 13l1.2-1.2",
} as const;

export type IconName = keyof typeof paths;

/** A picture beside words: readers of screens do not hear of it. */
export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" focusable="false">
      <path d={paths[name]} />
    </svg>
  );
}
