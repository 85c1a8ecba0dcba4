import { useState } from "preact/hooks";
import { safeUrl } from "../ui/address.ts";
import { Badge } from "../ui/badge.tsx";
import { Button } from "../ui/button.tsx";
import { useText } from "../ui/language.ts";
import { contentOf } from "./message-content.ts";
import { messageText } from "./message-text.ts";

/** What a message says. Nothing of it is loaded before a click: a picture may be anywhere and know who looks. */
export function MessageBody({ data, isBinary }: { data: string; isBinary: boolean }) {
  const text = useText(messageText);
  const content = contentOf(data, isBinary);
  switch (content.kind) {
    case "text":
      return <p class="message-text">{content.text}</p>;
    case "recalled":
      return <p class="faint">{text.recalled}</p>;
    case "binary":
      return <p class="faint">{text.binary(content.bytes)}</p>;
    case "raw":
      return <pre class="message-raw">{content.text}</pre>;
    case "location":
      return (
        <p class="message-text">
          <Badge>{text.types.location}</Badge> {content.place} {content.text}
        </p>
      );
    case "custom":
      return (
        <div>
          <Badge>{text.custom(content.type)}</Badge> {content.text}
          <details>
            <summary>JSON</summary>
            <pre class="message-raw">{JSON.stringify(content.value, null, 2)}</pre>
          </details>
        </div>
      );
    case "file":
      return (
        <div class="stack">
          <p class="message-text">
            <Badge>{text.types[content.type]}</Badge> {content.name} {content.text}
          </p>
          <FileLink url={content.url} isPicture={content.type === "image"} />
        </div>
      );
  }
}

/** Pictures of this server are shown on a click; the policy of the page allows no others, which are links. */
function FileLink({ url, isPicture }: { url: unknown; isPicture: boolean }) {
  const text = useText(messageText);
  const [isShown, setShown] = useState(false);
  const safe = safeUrl(url);
  if (safe === undefined) return <code class="faint">{String(url ?? text.noAddress)}</code>;
  if (isShown) return <img class="message-picture" src={safe} alt={text.types.image} />;
  return (
    <span class="actions">
      {isPicture && new URL(safe).origin === location.origin && (
        <Button onClick={() => setShown(true)}>{text.showPicture}</Button>
      )}
      <a href={safe} target="_blank" rel="noopener noreferrer">
        {safe}
      </a>
    </span>
  );
}
