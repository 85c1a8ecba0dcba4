import { useEffect, useState } from "preact/hooks";
import { IconButton } from "./button.tsx";
import { useText } from "./language.ts";
import { uiText } from "./text.ts";

/** Copies a text. */
export function CopyButton({ text: copied, label }: { text: string; label?: string }) {
  const text = useText(uiText);
  const [isDone, setDone] = useState(false);
  useEffect(() => {
    if (!isDone) return;
    const timer = setTimeout(() => setDone(false), 1500);
    return () => clearTimeout(timer);
  }, [isDone]);
  const copy = (): void => {
    // Not there where the address is neither https nor this machine.
    const writing = navigator.clipboard?.writeText(copied) ?? Promise.reject(new Error("no clipboard"));
    writing.then(
      () => setDone(true),
      () => setDone(false),
    );
  };
  return (
    <IconButton
      icon={isDone ? "check" : "copy"}
      label={isDone ? text.copied : (label ?? text.copy)}
      onClick={copy}
    />
  );
}

/** An id or a key: in letters of one width, with a button that copies it. */
export function Id({ children }: { children: string }) {
  return (
    <span class="id">
      <code>{children}</code>
      <CopyButton text={children} />
    </span>
  );
}
