import { normalizeProps, useMachine } from "@zag-js/preact";
import * as tabs from "@zag-js/tabs";
import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";

export interface Tab {
  id: string;
  label: string;
  /** Rendered while the tab is shown. */
  render(): ComponentChildren;
}

export interface TabsProps {
  label: string;
  tabs: readonly Tab[];
  /** The shown tab, from the address: `useAddress` keeps it there. */
  current: string;
  onChange(id: string): void;
}

/** Parts of a page of which one is shown. */
export function Tabs({ label, tabs: each, current, onChange }: TabsProps) {
  const shown = each.find(({ id }) => id === current) ?? each[0];
  const service = useMachine(tabs.machine, {
    id: useId(),
    value: shown?.id ?? null,
    activationMode: "manual",
    onValueChange: ({ value }) => onChange(value),
    translations: { listLabel: label },
  });
  const api = tabs.connect(service, normalizeProps);
  const list = useRef<HTMLDivElement>(null);
  // On a phone it may stand beyond the edge. The page stays where it is: tabs may be far below its title.
  useEffect(() => {
    const row = list.current;
    const chosen = row?.querySelector('[aria-selected="true"]');
    if (!row || !chosen) return;
    const [frame, tab] = [row.getBoundingClientRect(), chosen.getBoundingClientRect()];
    if (tab.left < frame.left) row.scrollLeft -= frame.left - tab.left;
    else if (tab.right > frame.right) row.scrollLeft += tab.right - frame.right;
  }, [shown?.id]);
  if (shown === undefined) return null;
  return (
    <div {...api.getRootProps()} class="tabs">
      <div {...api.getListProps()} ref={list} class="tab-list">
        {each.map((tab) => (
          <button key={tab.id} {...api.getTriggerProps({ value: tab.id })} class="tab">
            {tab.label}
          </button>
        ))}
      </div>
      <div key={shown.id} {...api.getContentProps({ value: shown.id })} class="tab-content">
        {shown.render()}
      </div>
    </div>
  );
}
