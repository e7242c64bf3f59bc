// Livepeer's documented component for React; only the import is another, and the source comes from the page.
import { addMediaMetrics } from "@firstframe/collector";
import React, { useEffect, useRef, useState } from "react";
import { createRoot } from "react-dom/client";

export default function VideoPlayer({ first }) {
  const videoRef = useRef(null);

  const [source, setSource] = useState(first);
  window.setSource = setSource;

  useEffect(() => {
    if (videoRef.current) {
      const metrics = addMediaMetrics(videoRef.current, source, (e) => console.error("Error adding metrics", e));

      return metrics?.destroy;
    }
  }, [videoRef, source]);

  return <video controls ref={videoRef} src={source} style={{ width: "100%", maxWidth: "500px" }} />;
}

export const root = createRoot(document.getElementById("root"));
export const mount = (first) => root.render(<VideoPlayer first={first} />);
