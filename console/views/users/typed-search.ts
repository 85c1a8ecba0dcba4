import { useEffect, useState } from "preact/hooks";
import { useAddress } from "../../ui/address.ts";

/** After this long without another key, it is looked for, in milliseconds. */
const PAUSE = 250;

/** What is typed into a search, and what of it stands in the address as `q`. */
export function useTypedSearch() {
  const address = useAddress();
  const sought = address.get("q");
  const [typed, setTyped] = useState(sought);
  useEffect(() => {
    if (typed === sought) return;
    const timer = setTimeout(() => address.set({ q: typed }), PAUSE);
    return () => clearTimeout(timer);
  }, [typed]);
  return { typed, setTyped, sought: sought.trim() };
}
