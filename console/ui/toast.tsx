import { normalizeProps, useMachine } from "@zag-js/preact";
import * as toast from "@zag-js/toast";
import { useId } from "preact/hooks";
import { IconButton } from "./button.tsx";
import { useText } from "./language.ts";
import { uiText } from "./text.ts";

const toaster = toast.createStore({ placement: "bottom-end", overlap: false, gap: 8, max: 4 });

/** Says shortly that something was done, or was not. What has to be read stands in the page instead. */
export const say = {
  done: (title: string): void => void toaster.success({ title, duration: 4000 }),
  failed: (title: string, description?: string): void =>
    void toaster.error({ title, description, duration: 10_000 }),
};

/** Where toasts appear. It stands once, in the frame. */
export function Toasts() {
  const service = useMachine(toast.group.machine, { id: useId(), store: toaster });
  const api = toast.group.connect(service, normalizeProps);
  return (
    <div {...api.getGroupProps()} class="toasts">
      {api.getToasts().map((each, index) => (
        <Toast key={each.id} toast={each} index={index} parent={service} />
      ))}
    </div>
  );
}

interface ToastProps {
  toast: toast.Options;
  index: number;
  parent: toast.GroupService;
}

function Toast({ toast: options, index, parent }: ToastProps) {
  const text = useText(uiText);
  const service = useMachine(toast.machine, { ...options, index, parent });
  const api = toast.connect(service, normalizeProps);
  return (
    <div {...api.getRootProps()} class="toast">
      <div>
        <strong {...api.getTitleProps()}>{api.title}</strong>
        {api.description && <p {...api.getDescriptionProps()}>{api.description}</p>}
      </div>
      <IconButton icon="close" label={text.close} onClick={() => api.dismiss()} />
    </div>
  );
}
