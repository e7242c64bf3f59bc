/** An address that no page has. */
import { Empty } from "../part/state";
import { Head } from "../shell";
import { useAddress } from "../state/address";

export function Nowhere() {
  const { path, to } = useAddress();
  return (
    <>
      <Head title="No such page" />
      <Empty title="There is nothing here">
        No page is called <code>{path}</code>. Choose one from the menu, or go to <a href={to("/")}>the overview</a>.
      </Empty>
    </>
  );
}
