/** The page of one thing, opened without saying which. */
import { Head } from "../shell";
import { useAddress } from "../state/address";
import { Empty } from "../part/state";

export function Unnamed({ what, list }: { what: string; list: string }) {
  const { to } = useAddress();
  return (
    <>
      <Head title={`No ${what} was named`} />
      <Empty title="Which one?">
        Choose one from <a href={to(list)}>the list of {what}s</a>.
      </Empty>
    </>
  );
}
