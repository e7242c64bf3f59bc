/** Whether an element is on the screen, or nearly: what is far down a page is not asked for before somebody goes there. */
import { type RefObject, useEffect, useRef, useState } from "react";

const AHEAD = "240px";

export function useSeen(): [RefObject<HTMLElement | null>, boolean] {
  const place = useRef<HTMLElement>(null);
  const [isSeen, setSeen] = useState(false);
  useEffect(() => {
    if (!place.current) return;
    const watch = new IntersectionObserver((entries) => setSeen(entries.at(-1)?.isIntersecting ?? false), {
      rootMargin: AHEAD,
    });
    watch.observe(place.current);
    return () => watch.disconnect();
  }, []);
  return [place, isSeen];
}
