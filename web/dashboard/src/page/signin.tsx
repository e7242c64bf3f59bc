/** The door. */
import { useState } from "react";
import { ApiError, write } from "../api/client";

export function SignIn({ done }: { done: () => void }) {
  const [token, setToken] = useState("");
  const [failure, setFailure] = useState("");
  const [isBusy, setBusy] = useState(false);
  const enter = async () => {
    setBusy(true);
    try {
      await write("POST", "/v1/session", { token });
      done();
    } catch (error) {
      setFailure(error instanceof ApiError ? error.message : "the server does not answer");
    } finally {
      setBusy(false);
    }
  };
  return (
    <main className="signin">
      <form
        className="panel form"
        onSubmit={(event) => {
          event.preventDefault();
          void enter();
        }}
      >
        <svg viewBox="0 0 32 32" aria-hidden="true" className="logo">
          <rect width="32" height="32" rx="7" />
          <path d="M9 8.5h3v15H9zM15 8.5l9 7.5-9 7.5z" />
        </svg>
        <h1>firstframe</h1>
        <label>
          API token
          <input
            type="password"
            autoComplete="current-password"
            value={token}
            required
            onChange={(event) => setToken(event.target.value)}
          />
        </label>
        {failure && (
          <p className="bad" role="alert">
            {failure}
          </p>
        )}
        <button type="submit" className="button primary" disabled={isBusy}>
          Sign in
        </button>
        <p className="dim">
          The server showed a token at its first start. Another is made with{" "}
          <code>firstframe keys create --kind secret</code>.
        </p>
      </form>
    </main>
  );
}
