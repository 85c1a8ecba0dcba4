import { useQuery } from "@tanstack/preact-query";
import { useEffect, useState } from "preact/hooks";
import { Button } from "../../ui/button.tsx";
import { Field } from "../../ui/field.tsx";
import { useText } from "../../ui/language.ts";
import type { Target } from "./outgoing.ts";
import { findPlaces, type Place } from "./send-queries.ts";
import { sendText } from "./text.ts";

/** After this long without another key, it is looked for, in milliseconds. */
const PAUSE = 250;

export interface PlaceFieldProps {
  target: Target;
  value: string;
  onChange(id: string): void;
  error: string | undefined;
}

/** A conversation, room or service, by its id or a part of its name: what fits can be chosen below. */
export function PlaceField({ target, value, onChange, error }: PlaceFieldProps) {
  const text = useText(sendText);
  const sought = useSettled(value.trim());
  const query = useQuery({
    queryKey: ["places", target, sought],
    queryFn: async ({ signal }) => {
      const [byId, byName] = await Promise.all([
        sought === "" ? [] : findPlaces({ target, id: sought }, signal).then(({ results }) => results),
        findPlaces({ target, name: sought === "" ? undefined : sought }, signal).then(
          ({ results }) => results,
        ),
      ]);
      return [...new Map([...byId, ...byName].map((place) => [place.id, place])).values()].slice(0, 6);
    },
    // What was found before stays until the rest comes, or the form would jump with every key.
    placeholderData: (former, query) => (query?.queryKey[1] === target ? former : undefined),
  });
  const places = query.data ?? [];
  const chosen = places.find(({ id }) => id === value.trim());
  return (
    <div class="stack">
      <Field
        label={text.places[target]}
        code
        value={value}
        onChange={onChange}
        help={chosen ? nameOf(chosen) : text.placeHelp}
        error={error}
      />
      {chosen === undefined && (
        <ul class="places" aria-label={text.suggestions}>
          {places.map((place) => (
            <li key={place.id}>
              <Button onClick={() => onChange(place.id)}>{nameOf(place)}</Button>
            </li>
          ))}
          {query.data?.length === 0 && <li class="faint">{text.nothingFits}</li>}
        </ul>
      )}
    </div>
  );
}

const nameOf = ({ name, id }: Place): string => (name ? `${name} · ${id}` : id);

function useSettled(value: string): string {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), PAUSE);
    return () => clearTimeout(timer);
  }, [value]);
  return settled;
}
