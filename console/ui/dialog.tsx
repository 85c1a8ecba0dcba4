import * as dialog from "@zag-js/dialog";
import { normalizeProps, useMachine } from "@zag-js/preact";
import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";
import { IconButton } from "./button.tsx";
import { useText } from "./language.ts";
import { Portal } from "./portal.tsx";
import { uiText } from "./text.ts";

export interface DialogProps {
  open: boolean;
  onClose(): void;
  title: string;
  description?: string | undefined;
  children: ComponentChildren;
  /** `alert` has to be answered: a click beside it does not close it. */
  role?: "dialog" | "alertdialog";
  /** Wide enough for a table or JSON. */
  wide?: boolean;
  /** Whether it can be left without an answer; true by default. */
  closable?: boolean;
}

/** A dialog over the page: it holds the focus, and gives it back when it closes. */
export function Dialog(props: DialogProps) {
  const { open, onClose, title, description, children, role = "dialog", wide, closable = true } = props;
  const text = useText(uiText);
  const service = useMachine(dialog.machine, {
    id: useId(),
    open,
    role,
    closeOnInteractOutside: closable && role === "dialog",
    closeOnEscape: closable,
    onOpenChange: (details) => {
      if (!details.open) onClose();
    },
  });
  const api = dialog.connect(service, normalizeProps);
  if (!api.open) return null;
  return (
    <Portal>
      <div {...api.getBackdropProps()} class="backdrop" />
      <div {...api.getPositionerProps()} class="dialog-place">
        <div {...api.getContentProps()} class={`dialog ${wide ? "wide" : ""}`}>
          <header>
            <h2 {...api.getTitleProps()}>{title}</h2>
            {closable && <IconButton icon="close" label={text.close} onClick={onClose} />}
          </header>
          {description !== undefined && (
            <p {...api.getDescriptionProps()} class="faint">
              {description}
            </p>
          )}
          {children}
        </div>
      </div>
    </Portal>
  );
}
