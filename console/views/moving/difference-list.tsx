import { consolePath } from "../../ui/address.ts";
import { countText } from "../../ui/amount.ts";
import { Badge } from "../../ui/badge.tsx";
import { useLanguage, useText } from "../../ui/language.ts";
import type { Difference } from "./moving-queries.ts";
import { byImportance, unexpectedCount } from "./run-condition.ts";
import { movingText } from "./text.ts";

interface DifferenceListProps {
  differences: readonly Difference[];
  /** An export compares nothing: these are what it lacks. */
  isExport: boolean;
}

/** What verify found that differs, with some of the ids; what should not be comes first. */
export function DifferenceList({ differences, isExport }: DifferenceListProps) {
  const text = useText(movingText);
  const language = useLanguage();
  if (differences.length === 0)
    return <p class="good">{isExport ? text.nothingMissing : text.noDifferences}</p>;
  return (
    <>
      <h3>{isExport ? text.missing : text.differences}</h3>
      {unexpectedCount(differences) === 0 && <p class="good">{text.allExpected}</p>}
      <ul class="moving-differences">
        {byImportance(differences).map((difference) => (
          <li key={`${difference.what} ${difference.why}`}>
            <p>
              <strong>
                {countText(difference.count, language)} {difference.what}
              </strong>
              : {difference.why} {difference.expected ? <Badge>{text.expected}</Badge> : null}
            </p>
            {difference.ids.length > 0 && (
              <p class="faint moving-ids">
                {text.ids}:{" "}
                {difference.ids.map((id) => (
                  <DifferingId key={id} what={difference.what} id={id} />
                ))}
              </p>
            )}
          </li>
        ))}
      </ul>
    </>
  );
}

function DifferingId({ what, id }: { what: string; id: string }) {
  const code = <code>{id}</code>;
  return what === "conversations" ? <a href={consolePath("conversations", id)}>{code}</a> : code;
}
