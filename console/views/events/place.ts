/** Where an entry is in a log: its time (ms) leads to it, its id is unique. */
export interface Place {
  at: number;
  id: string;
}

/** A place as it stands in the address. */
export const placeText = ({ at, id }: Place): string => `${at}.${id}`;

/** The place that an address names; undefined for anything else. */
export function placeIn(text: string): Place | undefined {
  const [, at, id] = /^(\d{1,15})\.(\S{1,64})$/.exec(text) ?? [];
  return at === undefined || id === undefined ? undefined : { at: Number(at), id };
}
