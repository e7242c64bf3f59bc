// The Player of @livepeer/react. With `collector`, the reporting address is set on its store (any source works).
import * as Player from "@livepeer/react/player";
import { useEffect } from "react";
import { createRoot } from "react-dom/client";
import { offer, options } from "./_stage.js";

let root;

function Route() {
  const context = Player.useMediaContext("e2e", undefined);
  useEffect(() => {
    window.store = context.store;
    if (options.collector) context.store.getState().__controlsFunctions.setMetricsReportingUrl(options.collector);
  }, [context]);
  return null;
}

function App({ source }) {
  return (
    <Player.Root
      src={[{ type: source.kind ?? "video", src: source.src, mime: source.type ?? null, width: 640, height: 360 }]}
      playbackId={source.playbackId} viewerId={source.viewerId} autoPlay={Boolean(source.autoplay)}
      volume={source.muted ? 0 : undefined} metricsInterval={source.interval ?? 2000} {...source.livepeer}
    >
      <Route />
      <Player.Container>
        <Player.Video muted={Boolean(source.muted)} style={{ width: 640, height: 360 }} />
        <Player.Seek><Player.Track /><Player.Thumb /></Player.Seek>
      </Player.Container>
    </Player.Root>
  );
}

offer({
  async load(stage, source) {
    root ??= createRoot(stage);
    root.render(<App key={source.src} source={source} />);
    while (!document.querySelector("video")) await new Promise((done) => setTimeout(done, 5));
  },
  destroy: () => root.unmount(),
});
