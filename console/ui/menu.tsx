import * as menu from "@zag-js/menu";
import { normalizeProps, useMachine } from "@zag-js/preact";
import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";
import { Icon, type IconName } from "./icon.tsx";
import { Portal } from "./portal.tsx";

export interface MenuItem {
  id: string;
  label: string;
  icon?: IconName;
  look?: "plain" | "danger";
  disabled?: boolean;
  onSelect(): void;
}

export interface MenuProps {
  /** The name of the button, for those who do not see its picture. */
  label: string;
  /** What the button shows; three dots by default. */
  children?: ComponentChildren;
  items: readonly MenuItem[];
}

/** A button that opens a list of actions. */
export function Menu({ label, children, items }: MenuProps) {
  const service = useMachine(menu.machine, {
    id: useId(),
    "aria-label": label,
    onSelect: ({ value }) => items.find(({ id }) => id === value)?.onSelect(),
  });
  const api = menu.connect(service, normalizeProps);
  return (
    <>
      <button
        {...api.getTriggerProps()}
        class={children ? "button quiet" : "icon-button"}
        aria-label={label}
        title={label}
      >
        {children ?? <Icon name="more" />}
      </button>
      {api.open && (
        <Portal>
          <div {...api.getPositionerProps()}>
            <div {...api.getContentProps()} class="menu">
              {items.map(({ id, label: name, icon, look = "plain", disabled }) => (
                <div key={id} {...api.getItemProps({ value: id, disabled })} class={`menu-item ${look}`}>
                  {icon && <Icon name={icon} />}
                  {name}
                </div>
              ))}
            </div>
          </div>
        </Portal>
      )}
    </>
  );
}
