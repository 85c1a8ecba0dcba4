import {
  defaultRangeExtractor,
  elementScroll,
  observeElementOffset,
  observeElementRect,
  type Range,
  Virtualizer,
} from "@tanstack/virtual-core";
import type { ComponentChildren } from "preact";
import { useEffect, useMemo, useReducer, useRef, useState } from "preact/hooks";
import { Button } from "./button.tsx";
import { useText } from "./language.ts";
import { nextOrder, type Order, type Sortable, sorted } from "./rows.ts";
import { uiText } from "./text.ts";

/** The height of a row, in pixels, as in the styles. */
const ROW = 36;

export interface Column<Row> {
  id: string;
  label: string;
  render(row: Row): ComponentChildren;
  /** What it is sorted by; without it, its head cannot be pressed. */
  value?: (row: Row) => Sortable;
  /** The share of the width, in CSS grid's terms; `1fr` by default. */
  width?: string;
  /** Numbers stand at the right. */
  align?: "end";
  /** Not shown on phones. */
  wideOnly?: boolean;
}

export interface DataTableProps<Row> {
  label: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  keyOf(row: Row): string;
  /** Where a row leads: Enter, or a click anywhere on it. */
  hrefOf?: (row: Row) => string;
  onOpen?: (row: Row) => void;
  order?: Order | undefined;
  onOrder?: (order: Order | undefined) => void;
  /** There are more rows on the server. */
  onMore?: (() => void) | undefined;
  isLoadingMore?: boolean;
  empty?: ComponentChildren;
}

/**
 * A table of any number of rows, of which those in sight are in the page. By keyboard: the arrow keys, Home, End, Page Up
 * and Page Down move between rows, Enter opens one.
 */
export function DataTable<Row>(props: DataTableProps<Row>) {
  const { columns, keyOf, hrefOf, onOpen } = props;
  const text = useText(uiText);
  const [ownOrder, setOwnOrder] = useState<Order>();
  const order = props.onOrder ? props.order : ownOrder;
  const setOrder = props.onOrder ?? setOwnOrder;
  const rows = useMemo(() => {
    const column = columns.find(({ id }) => id === order?.column);
    return column?.value === undefined
      ? props.rows
      : sorted(props.rows, column.value, order?.descending ?? false);
  }, [props.rows, columns, order?.column, order?.descending]);
  const [current, setCurrent] = useState(0);
  const frame = useRef<HTMLDivElement>(null);
  const virtualizer = useVirtualRows(frame, rows.length, Math.min(current, rows.length - 1));
  /** The row that gets the focus once it is there. */
  const sought = useRef<number | undefined>(undefined);

  const moveTo = (index: number): void => {
    const next = Math.max(0, Math.min(rows.length - 1, index));
    sought.current = next;
    setCurrent(next);
    virtualizer.scrollToIndex(next);
  };
  useEffect(() => {
    if (sought.current !== current) return;
    sought.current = undefined;
    frame.current?.querySelector<HTMLElement>(`[data-index="${current}"]`)?.focus({ preventScroll: true });
  });
  const onKeyDown = (event: KeyboardEvent): void => {
    if (!(event.target instanceof HTMLElement) || event.target.dataset.index === undefined) return;
    const page = Math.max(1, Math.floor((frame.current?.clientHeight ?? ROW) / ROW) - 1);
    const next: Record<string, number> = {
      ArrowDown: current + 1,
      ArrowUp: current - 1,
      PageDown: current + page,
      PageUp: current - page,
      Home: 0,
      End: rows.length - 1,
    };
    const index = next[event.key];
    if (index !== undefined) {
      event.preventDefault();
      moveTo(index);
    } else if (event.key === "Enter") event.target.click();
  };

  if (rows.length === 0 && props.empty !== undefined) return <>{props.empty}</>;
  const template = columns.map(({ width = "minmax(0, 1fr)" }) => width).join(" ");
  const narrow = columns
    .filter(({ wideOnly }) => !wideOnly)
    .map(({ width = "minmax(0, 1fr)" }) => width)
    .join(" ");
  const isActive = hrefOf !== undefined || onOpen !== undefined;
  return (
    <div class="table-frame">
      <div
        ref={frame}
        role="table"
        class="table"
        aria-label={props.label}
        aria-rowcount={rows.length + 1}
        style={{ "--columns": template, "--narrow-columns": narrow }}
        onKeyDown={onKeyDown}
      >
        <div role="row" class="table-head" aria-rowindex={1}>
          {columns.map((column) => (
            <ColumnHead key={column.id} column={column} order={order} onOrder={setOrder} />
          ))}
        </div>
        <div role="rowgroup" class="table-body" style={{ height: `${virtualizer.getTotalSize()}px` }}>
          {virtualizer.getVirtualItems().map(({ index, start }) => {
            const row = rows[index];
            if (row === undefined) return null;
            const href = hrefOf?.(row);
            return (
              <div
                key={keyOf(row)}
                role="row"
                class={`table-row ${isActive ? "active" : ""}`}
                aria-rowindex={index + 2}
                data-index={index}
                tabIndex={index === current ? 0 : -1}
                style={{ transform: `translateY(${start}px)` }}
                onFocus={() => setCurrent(index)}
                onClick={(event) => {
                  if (isOwnControl(event)) return;
                  onOpen?.(row);
                  event.currentTarget.querySelector<HTMLAnchorElement>("a.row-link")?.click();
                }}
              >
                {columns.map((column, place) => (
                  <div key={column.id} role="cell" class={cellClass(column)}>
                    {place === 0 && href !== undefined ? (
                      <a class="row-link" href={href} tabIndex={-1}>
                        {column.render(row)}
                      </a>
                    ) : (
                      column.render(row)
                    )}
                  </div>
                ))}
              </div>
            );
          })}
        </div>
      </div>
      <footer class="table-foot faint">
        <span>{text.rows(rows.length)}</span>
        {props.onMore && (
          <Button look="quiet" onClick={props.onMore} busy={props.isLoadingMore ?? false}>
            {text.more}
          </Button>
        )}
      </footer>
    </div>
  );
}

const cellClass = ({ align, wideOnly }: Column<never> | { align?: "end"; wideOnly?: boolean }): string =>
  `cell ${align ?? ""} ${wideOnly ? "wide-only" : ""}`;

/** Links and buttons within a row do what they do. */
const isOwnControl = ({ target }: Event): boolean =>
  target instanceof Element && target.closest("a, button, input, select, label") !== null;

interface ColumnHeadProps<Row> {
  column: Column<Row>;
  order: Order | undefined;
  onOrder(order: Order | undefined): void;
}

function ColumnHead<Row>({ column, order, onOrder }: ColumnHeadProps<Row>) {
  const isOrder = order?.column === column.id;
  const direction = order?.descending ? "descending" : "ascending";
  return (
    <div role="columnheader" class={cellClass(column)} aria-sort={isOrder ? direction : undefined}>
      {column.value === undefined ? (
        column.label
      ) : (
        <button type="button" class="sort" onClick={() => onOrder(nextOrder(order, column.id))}>
          {column.label}
          <span aria-hidden="true">{isOrder ? (order?.descending ? " ↓" : " ↑") : ""}</span>
        </button>
      )}
    </div>
  );
}

/**
 * The rows in sight, and some beyond.
 *
 * @param current the row that the keyboard is at: it is always there, or the focus would be lost when it is scrolled away
 */
function useVirtualRows(
  frame: { current: HTMLDivElement | null },
  count: number,
  current: number,
): Virtualizer<HTMLDivElement, Element> {
  const [, render] = useReducer((times: number) => times + 1, 0);
  const options = {
    count,
    getScrollElement: () => frame.current,
    estimateSize: () => ROW,
    overscan: 12,
    rangeExtractor: (range: Range) => {
      const shown = defaultRangeExtractor(range);
      if (current < 0 || shown.includes(current)) return shown;
      return [...shown, current].sort((one, other) => one - other);
    },
    // Before the frame is measured, so that the first rendering has rows.
    initialRect: { width: 800, height: 20 * ROW },
    observeElementRect,
    observeElementOffset,
    scrollToFn: elementScroll,
    scrollPaddingStart: ROW,
    onChange: () => render(0),
  };
  const [virtualizer] = useState(() => new Virtualizer<HTMLDivElement, Element>(options));
  virtualizer.setOptions(options);
  useEffect(() => virtualizer._didMount(), [virtualizer]);
  useEffect(() => virtualizer._willUpdate());
  return virtualizer;
}
