import { changedQuery, consolePath } from "../../ui/address.ts";
import { Badge, type Tone } from "../../ui/badge.tsx";
import { useText } from "../../ui/language.ts";
import { Time } from "../../ui/time.tsx";
import type { Attention, Health } from "./overview-queries.ts";
import { overviewText } from "./text.ts";

const tones: Record<Attention["severity"], Tone> = { error: "bad", warning: "warn", notice: "info" };

/** What needs the owner, the worst first, each with the way to where it is mended. */
export function AttentionList(props: { results: readonly Attention[]; switchesOff: Health["switchesOff"] }) {
  const text = useText(overviewText);
  if (props.results.length === 0) return <p class="good">{text.allWell}</p>;
  return (
    <ul class="attention">
      {props.results.map((each) => {
        const { severity, code, since } = each;
        const { href, label } = wayTo(each, text.mend);
        return (
          <li key={code + each.text}>
            <Badge tone={tones[severity]}>{text.severities[severity]}</Badge>
            <div>
              <strong>{nameOf(code, text.problems)}</strong>
              {code === "switches_off" && props.switchesOff !== null ? (
                <SwitchList switchesOff={props.switchesOff} />
              ) : (
                <p>
                  {sentenceOf(each, text.sentences)}
                  {since !== null && (
                    <span class="faint">
                      {" "}
                      {text.since} <Time at={since} />
                    </span>
                  )}
                </p>
              )}
            </div>
            <a href={href}>{label}</a>
          </li>
        );
      })}
    </ul>
  );
}

function SwitchList({ switchesOff }: { switchesOff: NonNullable<Health["switchesOff"]> }) {
  const text = useText(overviewText);
  return (
    <details>
      <summary>
        {text.details} ({switchesOff.length})
      </summary>
      <ul class="switches-off">
        {switchesOff.map(({ setting, allows }) => (
          <li key={setting}>
            <a href={settingLink(setting)}>
              <code>{setting}</code>
            </a>{" "}
            <span class="faint">{allows}</span>
          </li>
        ))}
      </ul>
    </details>
  );
}

/** "security.join or security.signConversation": the first of them. */
const settingLink = (setting: string): string =>
  consolePath("settings") + changedQuery({}, { setting: setting.split(" ")[0] ?? "" });

/** A newer server may know of more than this console. */
const nameOf = (code: string, names: Record<string, string>): string => names[code] ?? code;

type Sentences = Record<string, ((values: Attention["values"]) => string) | undefined>;

/** In the viewer's language, if the console knows of it; as the server says it otherwise. */
const sentenceOf = ({ code, text, values }: Attention, sentences: Sentences): string =>
  sentences[code]?.(values) ?? text;

/** Within the part of the console that the server names: where exactly it is mended. */
const PLACES: Record<string, Record<string, string>> = {
  provider_refuses: { tab: "keys" },
  provider_late: { tab: "keys" },
  hooks_fail: { tab: "hooks" },
  quota_hit: { group: "limits" },
};

/** The way to a part of the console; what is mended outside of it is explained by the facts of the server. */
function wayTo({ code, link }: Attention, labels: Record<string, string>): { href: string; label: string } {
  const view = /^\/console\/(\w+)$/.exec(link)?.[1];
  const label = view === undefined ? undefined : labels[view];
  if (label === undefined) return { href: "#server", label: labels.overview ?? "" };
  return { href: link + changedQuery({}, PLACES[code] ?? {}), label };
}
