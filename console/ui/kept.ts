/** A choice that the browser keeps for the next visit. One that it no longer knows is forgotten. */
export function kept<Choice extends string>(name: string, isChoice: (value: string) => value is Choice) {
  const key = `parley-console-${name}`;
  return {
    read(): Choice | undefined {
      try {
        const value = localStorage.getItem(key);
        return value !== null && isChoice(value) ? value : undefined;
      } catch {
        // The browser keeps nothing for this site.
        return undefined;
      }
    },
    write(value: Choice): void {
      try {
        localStorage.setItem(key, value);
      } catch {
        // As above: the choice holds until the page is closed.
      }
    },
  };
}
