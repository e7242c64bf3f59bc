/** Who may see what: a page for who is signed in, one state for who has a link, else the door. */
import { useQueryClient } from "@tanstack/react-query";
import { Suspense, lazy, useEffect, useState } from "react";
import { useAnswer } from "./api/answer";
import { CatalogueProvider } from "./api/catalogue";
import { type ApiError, read, shareWith } from "./api/client";
import type { WhoAnswer } from "./api/type";
import { clock } from "./logic/time";
import { Nowhere } from "./page/nowhere";
import { SignIn } from "./page/signin";
import { PAGES } from "./pages";
import { Guard } from "./part/guard";
import { Failed, Loading } from "./part/state";
import { Shell } from "./shell";
import { SHARE, freeze, go, useAddress } from "./state/address";
import { ownZone } from "./state/range";

const COMPONENTS = Object.fromEntries(Object.entries(PAGES).map(([path, load]) => [path, lazy(load)]));

export function App() {
  return location.pathname === SHARE ? <Shared /> : <Own />;
}

function Own() {
  const who = useAnswer<WhoAnswer>("/v1/session");
  const queries = useQueryClient();
  if (who.error?.status === 401) return <SignIn done={() => void queries.resetQueries()} />;
  if (who.error) return <Failed error={who.error} retry={() => void who.refetch()} />;
  return who.data ? <Here /> : <Loading height={300} />;
}

interface Opened {
  path: string;
  search: string;
  label: string;
  project: string;
  expires_ms: number;
}

/** The secret of a link stands after the #: it is sent to the API only, and never kept. */
function Shared() {
  const [opened, setOpened] = useState<Opened | null>(null);
  const [failure, setFailure] = useState<ApiError | null>(null);
  useEffect(() => {
    shareWith(location.hash.slice(1));
    read<{ data: Opened }>("/v1/share").then(({ data }) => {
      freeze({ path: data.path, search: data.search });
      setOpened(data);
    }, setFailure);
  }, []);
  if (failure) return <Failed error={failure} />;
  if (!opened) return <Loading height={300} />;
  return (
    <>
      <header className="sharebar">
        <b>{opened.label || opened.project}</b>
        <span>
          Shared, read-only{opened.expires_ms ? `, until ${clock(opened.expires_ms, ownZone())}` : ""}
        </span>
      </header>
      <Here />
    </>
  );
}

function Here() {
  const { path, params, search } = useAddress();
  const Page = COMPONENTS[path] ?? Nowhere;
  const hasZone = params.has("tz");
  // A link shows everybody the same days: the zone is always part of it.
  useEffect(() => {
    if (!hasZone) go(`${path}${search}${search ? "&" : "?"}tz=${encodeURIComponent(ownZone())}`, { replace: true });
  }, [hasZone, path, search]);
  return (
    <Shell>
      <CatalogueProvider>
        <Guard key={path}>
          <Suspense fallback={<Loading height={300} />}>
            <Page />
          </Suspense>
        </Guard>
      </CatalogueProvider>
    </Shell>
  );
}
