import { useEffect, useRef } from "preact/hooks";
import { useLocation } from "preact-iso";

/**
 * After a navigation the focus is on the new page's heading: else it stays on a link that is gone. Filters
 * in the address are no navigation.
 */
export function useFocusAfterNavigation() {
  const { path } = useLocation();
  const former = useRef(path);
  const isLoading = useRef(false);
  const hasNavigated = useRef(false);
  useEffect(() => {
    if (former.current === path) return;
    former.current = path;
    hasNavigated.current = true;
    scrollTo(0, 0);
    requestAnimationFrame(() => {
      if (!isLoading.current) focusHeading();
    });
  }, [path]);
  return {
    onLoadStart: () => {
      isLoading.current = true;
    },
    onLoadEnd: () => {
      isLoading.current = false;
      if (hasNavigated.current) requestAnimationFrame(focusHeading);
    },
  };
}

function focusHeading(): void {
  // A dialog keeps the focus that it has.
  if (document.querySelector('[role="dialog"], [role="alertdialog"]') !== null) return;
  document.getElementById("page-title")?.focus({ preventScroll: true });
}
