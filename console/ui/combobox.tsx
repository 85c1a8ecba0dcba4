import * as combobox from "@zag-js/combobox";
import { normalizeProps, useMachine } from "@zag-js/preact";
import { h } from "preact";
import { useId, useMemo, useState } from "preact/hooks";
import { Icon } from "./icon.tsx";
import { useText } from "./language.ts";
import { Portal } from "./portal.tsx";
import { uiText } from "./text.ts";

export interface ComboboxProps {
  label: string;
  options: readonly { value: string; label: string }[];
  value: string;
  onChange(value: string): void;
  /** Whether text that is no option is taken as well. */
  free?: boolean;
  placeholder?: string;
}

/** A field that finds one of many options while one types. For a few options, `SelectField` does. */
export function Combobox({ label, options, value, onChange, free = false, placeholder }: ComboboxProps) {
  const text = useText(uiText);
  const [typed, setTyped] = useState("");
  const shown = useMemo(() => {
    const sought = typed.toLowerCase();
    return options.filter((option) => option.label.toLowerCase().includes(sought)).slice(0, 100);
  }, [options, typed]);
  const collection = useMemo(() => combobox.collection({ items: [...shown] }), [shown]);
  const service = useMachine(combobox.machine, {
    id: useId(),
    collection,
    value: value === "" ? [] : [value],
    allowCustomValue: free,
    openOnClick: true,
    placeholder: placeholder ?? "",
    translations: { triggerLabel: text.options, clearTriggerLabel: text.clear },
    onOpenChange: () => setTyped(""),
    onInputValueChange: ({ inputValue, reason }) => {
      if (reason !== "input-change") return;
      setTyped(inputValue);
      if (free) onChange(inputValue);
    },
    onValueChange: ({ value: [chosen] }) => onChange(chosen ?? ""),
  });
  const api = combobox.connect(service, normalizeProps);
  return (
    <div {...api.getRootProps()} class="field">
      <label {...api.getLabelProps()}>{label}</label>
      <div {...api.getControlProps()} class="combobox">
        {h("input", api.getInputProps())}
        <button {...api.getTriggerProps()} class="icon-button">
          <Icon name="down" />
        </button>
      </div>
      {api.open && (
        <Portal>
          <div {...api.getPositionerProps()}>
            <div {...api.getContentProps()} class="menu">
              {shown.length === 0 && <p class="faint">{text.nothingFits}</p>}
              {shown.map((item) => (
                <div key={item.value} {...api.getItemProps({ item })} class="menu-item">
                  {item.label}
                </div>
              ))}
            </div>
          </div>
        </Portal>
      )}
    </div>
  );
}
