import { useEffect, useRef, useState } from "preact/hooks";
import type { Address } from "../../ui/address.ts";
import { Field } from "../../ui/field.tsx";

/** After this long without another key, it is looked for, in milliseconds. */
const PAUSE = 300;

interface FilterFieldProps {
  label: string;
  placeholder?: string;
  /** Of the parameter in the address. */
  name: string;
  address: Address;
}

/** A condition that is typed. It goes into the address after a pause. */
export function FilterField({ label, placeholder = "", name, address }: FilterFieldProps) {
  const value = address.get(name);
  const [typed, setTyped] = useState(value);
  // Another field may have changed the address while this one waited.
  const latest = useRef(address);
  latest.current = address;
  const sent = useRef(value);
  useEffect(() => {
    if (value !== sent.current) setTyped(value);
    sent.current = value;
  }, [value]);
  useEffect(() => {
    const text = typed.trim();
    if (text === latest.current.get(name)) return;
    const timer = setTimeout(() => {
      sent.current = text;
      latest.current.set({ [name]: text });
    }, PAUSE);
    return () => clearTimeout(timer);
  }, [typed, name]);
  return <Field label={label} type="search" placeholder={placeholder} value={typed} onChange={setTyped} />;
}
