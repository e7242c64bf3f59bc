/** The start: styles, theme, one cache of answers, and the page that the address names. */
import "./style/base.css";
import "./style/shell.css";
import "./style/part.css";
import "./style/page.css";
import { QueryCache, QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { createRoot } from "react-dom/client";
import { ahead } from "./api/answer";
import { CATALOGUE } from "./api/catalogue";
import { ApiError } from "./api/client";
import { App } from "./app";
import { preload } from "./pages";
import { SHARE, go } from "./state/address";
import { apply } from "./state/theme";

const FRESH_MS = 10_000;
const RETRIES = 2;
const SESSION = "/v1/session";

const client: QueryClient = new QueryClient({
  queryCache: new QueryCache({
    // Whoever is not signed in any more is shown the door, whichever call was told so.
    onError: (error, { queryKey }) => {
      const isOver = error instanceof ApiError && error.status === 401 && queryKey[0] !== SESSION;
      if (isOver) void client.invalidateQueries({ queryKey: [SESSION] });
    },
  }),
  defaultOptions: {
    queries: {
      staleTime: FRESH_MS,
      retry: (count, error) => count < RETRIES && error instanceof ApiError && error.passes && error.status !== 500,
    },
  },
});

/** Links within the dashboard change the address without loading it anew. */
function follow(event: MouseEvent): void {
  const link = (event.target as Element).closest?.("a");
  const isPlain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
  if (!link || !isPlain || link.target || link.download || link.origin !== location.origin) return;
  if (link.pathname.startsWith("/v1") || link.pathname.startsWith("/schema")) return;
  if (link.hash && link.pathname === location.pathname) return;
  event.preventDefault();
  go(link.pathname + link.search);
}

apply();
if (location.pathname !== SHARE) {
  // One after the other would be a wait for each.
  preload(location.pathname);
  ahead(client, [SESSION, ...CATALOGUE]);
}
document.addEventListener("click", follow);
const root = document.getElementById("root");
if (root) {
  createRoot(root).render(
    <QueryClientProvider client={client}>
      <App />
    </QueryClientProvider>,
  );
}
