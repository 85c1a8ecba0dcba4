import { useState } from "preact/hooks";
import { Badge } from "../../ui/badge.tsx";
import { Button } from "../../ui/button.tsx";
import { Field } from "../../ui/field.tsx";
import { JsonView } from "../../ui/json-view.tsx";
import { useText } from "../../ui/language.ts";
import { Section } from "../../ui/page.tsx";
import type { Outgoing } from "./outgoing.ts";
import { type Preview, previewPush } from "./send-queries.ts";
import { sendText } from "./text.ts";

/** What a client would be pushed for a message, before it is sent. */
export function PushPreview({ outgoing }: { outgoing: Outgoing }) {
  const text = useText(sendText);
  const [client, setClient] = useState(outgoing.clients[0] ?? "");
  const [state, setState] = useState<{ preview?: Preview; problem?: string }>({});
  const show = async (event: Event): Promise<void> => {
    event.preventDefault();
    try {
      setState({ preview: await previewPush(client.trim(), outgoing) });
    } catch (error) {
      setState({ problem: error instanceof Error ? error.message : String(error) });
    }
  };
  const { preview, problem } = state;
  return (
    <Section title={text.preview}>
      <form class="stack" onSubmit={(event) => void show(event)}>
        <p class="faint">{text.previewHelp}</p>
        <Field label={text.previewFor} code value={client} onChange={setClient} error={problem} />
        <footer class="actions">
          <Button type="submit" disabled={client.trim() === ""}>
            {text.show}
          </Button>
        </footer>
      </form>
      {preview && (
        <div class="stack" role="status">
          <p>
            <Badge tone={preview.would_push ? "good" : "warn"}>
              {preview.would_push ? text.would : text.wouldNot}
            </Badge>
          </p>
          {preview.problems.map(({ code, text: why }) => (
            <p key={code}>{text.reasons[code] ?? why}</p>
          ))}
          {preview.content && <JsonView value={preview.content} />}
          {preview.devices.map((device) => (
            <div key={device.installation}>
              <h3>
                {device.device_type} {device.provider} <code>{device.installation}</code>
              </h3>
              {device.problem ? (
                <p>{text.reasons[`device ${device.problem_code}`] ?? device.problem}</p>
              ) : (
                <JsonView value={device.payload} />
              )}
            </div>
          ))}
        </div>
      )}
    </Section>
  );
}
