// A page that has the collector from where it reports to: a classic script, or a module, at `script` of the collector.
import { element, offer, options } from "./_stage.js";

const address = `${options.collector}${options.script}?key=e2e`;

function classic() {
  return new Promise((loaded, failed) => {
    const script = Object.assign(document.createElement("script"), { src: address, onload: loaded, onerror: failed });
    document.head.append(script);
  }).then(() => window.firstframe);
}

offer({
  async load(stage, source) {
    const made = element(source);
    made.id = "video";
    made.src = source.src;
    stage.append(made);
    const firstframe = options.script.endsWith(".mjs") ? await import(address) : await classic();
    window.monitor = firstframe.monitor("#video", { data: { video_id: "served" } });
  },
});
