/** A button that opens something below it; Escape and a press elsewhere close it, and focus goes back. */
import { type ReactNode, useEffect, useId, useRef, useState } from "react";

export function Popover({
  label,
  title,
  className = "button",
  align = "start",
  disabled = false,
  children,
}: {
  label: ReactNode;
  /** What the button does, where its label does not say. */
  title?: string;
  className?: string;
  align?: "start" | "end";
  disabled?: boolean;
  children: (close: () => void) => ReactNode;
}) {
  const [isOpen, setOpen] = useState(false);
  const id = useId();
  const around = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const panel = useRef<HTMLDivElement>(null);

  useEffect(() => {
    if (!isOpen) return;
    panel.current?.querySelector<HTMLElement>("input, select, button, a")?.focus();
    const outside = (event: Event) => {
      if (!around.current?.contains(event.target as Node)) setOpen(false);
    };
    const key = (event: KeyboardEvent) => {
      if (event.key !== "Escape") return;
      setOpen(false);
      button.current?.focus();
    };
    document.addEventListener("pointerdown", outside);
    document.addEventListener("keydown", key);
    return () => {
      document.removeEventListener("pointerdown", outside);
      document.removeEventListener("keydown", key);
    };
  }, [isOpen]);

  const close = () => {
    setOpen(false);
    button.current?.focus();
  };
  return (
    <div className="popover" ref={around}>
      <button
        ref={button}
        type="button"
        className={className}
        aria-expanded={isOpen}
        aria-controls={isOpen ? id : undefined}
        aria-label={title}
        title={title}
        disabled={disabled}
        onClick={() => setOpen(!isOpen)}
      >
        {label}
      </button>
      {isOpen && (
        <div ref={panel} id={id} className={`sheet ${align}`}>
          {children(close)}
        </div>
      )}
    </div>
  );
}
