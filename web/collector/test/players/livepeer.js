// Livepeer's documented page for a player of one's own; only the import is another.
import { addMediaMetrics } from "@firstframe/collector";

const video = document.getElementById("my-video");
const source = video.src;

addMediaMetrics(video, source, (e) => console.error("Error adding metrics", e));
