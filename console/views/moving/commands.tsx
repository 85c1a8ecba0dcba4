import { CopyButton } from "../../ui/copy.tsx";
import { useText } from "../../ui/language.ts";
import { movingText } from "./text.ts";

/** As in docs/moving.md, for this server. */
const COMMANDS = [
  "npm run export -- --server https://abcdefgh.lc-cn-n1-shared.com --to export-1",
  `npm run import -- export-1 --server ${location.origin} --files-url ${location.origin}/files`,
  `npm run verify -- export-1 --server ${location.origin}`,
] as const;

/** The three commands that move an app, in their order. */
export function Commands() {
  const text = useText(movingText);
  return (
    <div class="stack">
      {COMMANDS.map((command, index) => (
        <div key={command}>
          <p>{text.steps[index]}</p>
          <div class="json">
            <CopyButton text={command} />
            <pre>
              <code>{command}</code>
            </pre>
          </div>
        </div>
      ))}
      <p class="faint">{text.guide}</p>
    </div>
  );
}
