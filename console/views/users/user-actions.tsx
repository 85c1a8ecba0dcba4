import { useQueryClient } from "@tanstack/preact-query";
import { useState } from "preact/hooks";
import { Button, ButtonLink } from "../../ui/button.tsx";
import { confirm } from "../../ui/confirm.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { Field } from "../../ui/field.tsx";
import { useText } from "../../ui/language.ts";
import { say } from "../../ui/toast.tsx";
import { ban, type Client, kick, unban } from "./user-queries.ts";
import { userText } from "./user-text.ts";

/** What can be done to a client. One that nothing names has nothing to be signed out of. */
export function UserActions({ id, client }: { id: string; client: Client | null }) {
  const text = useText(userText);
  const queries = useQueryClient();
  const [asked, setAsked] = useState<"kick" | "ban">();
  const again = (): Promise<void> => queries.invalidateQueries({ queryKey: ["client", id] });
  const takeBack = async (): Promise<void> => {
    const question = { title: text.unbanTitle(id), text: text.unbanText, action: text.unban };
    if (
      !(await confirm({ title: question.title, text: question.text, action: question.action, look: "main" }))
    )
      return;
    try {
      await unban(id);
      say.done(text.unbanned);
    } catch (error) {
      say.failed(error instanceof Error ? error.message : String(error));
    }
    await again();
  };
  const to = new URLSearchParams({ to: "clients", clients: id });
  // Through what it subscribed to, if anything.
  const service = client?.services[0]?.conv_id;
  if (service !== undefined) to.set("conv", service);
  return (
    <>
      <ButtonLink href={`/console/send?${to}`}>{text.send}</ButtonLink>
      {client !== null && <Button onClick={() => setAsked("kick")}>{text.kick}</Button>}
      {client?.ban ? (
        <Button onClick={() => void takeBack()}>{text.unban}</Button>
      ) : (
        <Button look="danger" onClick={() => setAsked("ban")}>
          {text.ban}
        </Button>
      )}
      {asked === "kick" && (
        <ReasonDialog
          title={text.kickTitle(id)}
          description={text.kickText}
          action={text.kick}
          most={20}
          onClose={() => setAsked(undefined)}
          onReason={async (reason) => {
            await kick(id, reason);
            say.done(text.kicked);
            await again();
          }}
        />
      )}
      {asked === "ban" && (
        <ReasonDialog
          title={text.banTitle(id)}
          description={text.banText}
          action={text.ban}
          most={200}
          onClose={() => setAsked(undefined)}
          onReason={async (reason) => {
            await ban(id, reason);
            say.done(text.bannedNow);
            await again();
          }}
        />
      )}
    </>
  );
}

export interface ReasonDialogProps {
  title: string;
  description: string;
  action: string;
  /** How long the reason may be, in characters. */
  most: number;
  onClose(): void;
  /** Does it; the dialog closes afterwards, or says why it failed. */
  onReason(reason: string): Promise<void>;
}

/** Asks for the reason of something that is done to somebody. */
export function ReasonDialog({ title, description, action, most, onClose, onReason }: ReasonDialogProps) {
  const text = useText(userText);
  const [reason, setReason] = useState("");
  const [state, setState] = useState<{ busy: boolean; problem?: string }>({ busy: false });
  const isTooLong = reason.length > most;
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (isTooLong || state.busy) return;
    setState({ busy: true });
    try {
      await onReason(reason.trim());
      onClose();
    } catch (error) {
      setState({ busy: false, problem: error instanceof Error ? error.message : String(error) });
    }
  };
  return (
    <Dialog open title={title} description={description} onClose={onClose}>
      <form onSubmit={(event) => void submit(event)}>
        <Field
          label={text.reason}
          optional
          value={reason}
          onChange={setReason}
          help={text.reasonHelp}
          error={isTooLong ? text.tooLong(most) : state.problem}
        />
        <footer class="actions">
          <Button onClick={onClose}>{text.cancel}</Button>
          <Button type="submit" look="danger" busy={state.busy}>
            {action}
          </Button>
        </footer>
      </form>
    </Dialog>
  );
}
