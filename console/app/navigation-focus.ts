import { useEffect, useRef } from "preact/hooks";
import { useLocation } from "preact-iso";

/**
 * After a navigation the focus is on the new page's heading, as after a load: else it stays on a link that is gone. Filters
 * in the address are no navigation.
 */
export function useFocusAfterNavigation() {
  const { path } = useLocation();
  const former = useRef(path);
  const isLoading = useRef(false);
  useEffect(() => {
    if (former.current === path) return;
    former.current = path;
    scrollTo(0, 0);
    requestAnimationFrame(() => {
      if (!isLoading.current) focusHeading();
    });
  }, [path]);
  return {
    onRouteChange: () => {
      isLoading.current = false;
    },
    onLoadEnd: () => {
      if (isLoading.current) focusHeading();
      isLoading.current = false;
    },
  };
}

function focusHeading(): void {
  // A dialog keeps the focus that it has.
  if (document.querySelector('[role="dialog"], [role="alertdialog"]') !== null) return;
  document.getElementById("page-title")?.focus({ preventScroll: true });
}
