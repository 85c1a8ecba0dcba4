import { normalizeProps, useMachine } from "@zag-js/preact";
import * as tooltip from "@zag-js/tooltip";
import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";
import { Portal } from "./portal.tsx";

/** Says more about a word, under the pointer and at the focus. Nothing that one has to know stands here alone. */
export function Tooltip({ text, children }: { text: string; children: ComponentChildren }) {
  const service = useMachine(tooltip.machine, { id: useId(), openDelay: 300, closeDelay: 80 });
  const api = tooltip.connect(service, normalizeProps);
  return (
    <>
      <button {...api.getTriggerProps()} type="button" class="hint">
        {children}
      </button>
      {api.open && (
        <Portal>
          <div {...api.getPositionerProps()}>
            <div {...api.getContentProps()} class="tooltip">
              {text}
            </div>
          </div>
        </Portal>
      )}
    </>
  );
}
