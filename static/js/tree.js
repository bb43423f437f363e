// The tree is folded on a narrow screen once something is chosen, and open beside the table on a wide one.
const wide = matchMedia("(min-width: 801px)");

export function openWhenWide(root) {
  for (const fold of root.querySelectorAll("[data-open-when-wide]")) {
    fold.open = wide.matches || fold.open;
  }
}
