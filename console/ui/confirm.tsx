import { useState } from "preact/hooks";
import { Button } from "./button.tsx";
import { Dialog } from "./dialog.tsx";
import { useText } from "./language.ts";
import { createStore, useStore } from "./store.ts";
import { uiText } from "./text.ts";

/** A question before something that cannot be taken back. */
export interface Question {
  title: string;
  /** What happens, and to whom. */
  text: string;
  /** What the button does: "Delete the message", not "OK". */
  action: string;
  look?: "main" | "danger";
  /** What has to be typed first, where a slip would be dear: the name of what goes. */
  typed?: string;
}

const asked = createStore<{ question: Question; answer(isYes: boolean): void } | undefined>(undefined);

/** Asks, and resolves to whether the viewer wants it. */
export function confirm(question: Question): Promise<boolean> {
  asked.get()?.answer(false);
  return new Promise((resolve) => {
    asked.set({
      question,
      answer: (isYes) => {
        asked.set(undefined);
        resolve(isYes);
      },
    });
  });
}

/** Shows the question that `confirm` asks. It stands once, in the frame. */
export function ConfirmDialog() {
  const current = useStore(asked);
  if (current === undefined) return null;
  return <AskedDialog key={current.question} {...current} />;
}

function AskedDialog({ question, answer }: { question: Question; answer(isYes: boolean): void }) {
  const text = useText(uiText);
  const [typed, setTyped] = useState("");
  const isReady = question.typed === undefined || typed === question.typed;
  return (
    <Dialog
      open
      role="alertdialog"
      title={question.title}
      description={question.text}
      onClose={() => answer(false)}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (isReady) answer(true);
        }}
      >
        {question.typed !== undefined && (
          <label class="field">
            <code>{question.typed}</code>
            <input
              value={typed}
              onInput={(event) => setTyped(event.currentTarget.value)}
              autocomplete="off"
            />
          </label>
        )}
        <footer class="actions">
          <Button onClick={() => answer(false)}>{text.cancel}</Button>
          <Button type="submit" look={question.look ?? "danger"} disabled={!isReady}>
            {question.action}
          </Button>
        </footer>
      </form>
    </Dialog>
  );
}
