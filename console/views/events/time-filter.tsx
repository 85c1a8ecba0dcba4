import type { Address } from "../../ui/address.ts";
import { Field, SelectField } from "../../ui/field.tsx";
import { useText } from "../../ui/language.ts";
import { eventsText } from "./text.ts";
import { fieldText, isoText, spanIn, spans } from "./time-span.ts";

/** Chooses a time: it stands in the address as `time`, and `from` and `until` where it has bounds of its own. */
export function TimeFilter({ address }: { address: Address }) {
  const text = useText(eventsText);
  const span = spanIn(address.get("time"));
  return (
    <>
      <SelectField
        label={text.time}
        value={span}
        options={spans.map((value) => ({ value, label: text.spans[value] }))}
        onChange={(chosen) => address.set({ time: chosen === "any" ? "" : chosen, from: "", until: "" })}
      />
      {span === "between" && (
        <>
          <Field
            label={text.from}
            type="datetime-local"
            value={fieldText(address.get("from"))}
            onChange={(field) => address.set({ from: isoText(field) })}
          />
          <Field
            label={text.until}
            type="datetime-local"
            value={fieldText(address.get("until"))}
            onChange={(field) => address.set({ until: isoText(field) })}
          />
        </>
      )}
    </>
  );
}
