// What every page offers to a test: `window.page`, over an adapter that knows one SDK.
// adapter: {load(stage, source) → Promise, play?(), destroy?(), quality?(index)}; `stage` is the empty place for the player.
// source: {src, type, autoplay, muted, ...} as the test gave it. `options` are the page's query parameters.

export const options = Object.fromEntries(new URLSearchParams(location.search));
export const video = () => document.querySelector("video");

export function element({ autoplay, muted } = {}) {
  const made = document.createElement("video");
  made.width = 640;
  made.height = 360;
  made.playsInline = true;
  made.preload = "auto";
  made.autoplay = Boolean(autoplay);
  made.muted = Boolean(muted);
  return made;
}

export function offer(adapter) {
  const stage = document.getElementById("stage");
  window.page = {
    options,
    ids: () => (adapter.ids ? adapter.ids() : {}),
    async load(source) {
      window.observer.open({ src: source.src, type: source.type });
      await adapter.load(stage, source);
    },
    play() {
      window.observer.playCalled();
      Promise.resolve(adapter.play ? adapter.play() : video().play()).catch(() => {});
    },
    pause: () => video().pause(),
    seek: (seconds) => { video().currentTime = seconds; },
    quality: (index) => adapter.quality(index),
    destroy: () => adapter.destroy?.(),
    call: (name, ...rest) => adapter[name](...rest),
  };
  document.documentElement.dataset.ready = "true";
}
