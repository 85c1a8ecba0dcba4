import { normalizeProps, useMachine } from "@zag-js/preact";
import * as zagSwitch from "@zag-js/switch";
import { h } from "preact";
import { useId } from "preact/hooks";

export interface SwitchProps {
  label: string;
  checked: boolean;
  onChange(checked: boolean): void;
  disabled?: boolean;
}

export function Switch({ label, checked, onChange, disabled }: SwitchProps) {
  const service = useMachine(zagSwitch.machine, {
    id: useId(),
    checked,
    disabled: disabled ?? false,
    onCheckedChange: (details) => onChange(details.checked),
  });
  const api = zagSwitch.connect(service, normalizeProps);
  return (
    <label {...api.getRootProps()} class="switch">
      {h("input", api.getHiddenInputProps())}
      <span {...api.getControlProps()} class="switch-track">
        <span {...api.getThumbProps()} class="switch-thumb" />
      </span>
      <span {...api.getLabelProps()}>{label}</span>
    </label>
  );
}
