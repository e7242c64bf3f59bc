// Pages as their owners wrote them, put into the harness: `page` names which. The collector's address is in a <meta>.
import { offer, options } from "./_stage.js";

const meta = document.createElement("meta");
Object.assign(meta, { name: "firstframe", content: `${options.collector}?key=e2e` });
document.head.append(meta);

const bundles = "/bundle/collector"; // built apart, with the package that they import

const pages = {
  async vanilla(stage, source) {
    stage.innerHTML = `<video id="my-video" width="640" height="360" controls src="${source.src}"></video>`;
    await import(`${bundles}/livepeer.js`);
  },
  async react(stage, source) {
    if (window.setSource) return window.setSource(source.src);
    stage.innerHTML = '<div id="root"></div>';
    const { mount, root } = await import(`${bundles}/livepeer-react.js`);
    window.root = root;
    mount(source.src);
  },
};

offer({
  load: (stage, source) => pages[options.page](stage, source),
  destroy: () => window.root.unmount(),
});
