// The tree is folded on a narrow screen once something is chosen, and open beside the table on a wide one.
const wide = matchMedia("(min-width: 801px)");

export function openWhenWide(root) {
  for (const fold of root.querySelectorAll("[data-open-when-wide]")) {
    fold.open = wide.matches || fold.open;
  }
}

// The sidebar scrolls by itself: the type of this page is brought into sight.
export function showCurrentType(root) {
  for (const side of root.querySelectorAll("[data-keeps-current]")) {
    const current = side.querySelector("[aria-current]");
    if (current) side.scrollTop = current.offsetTop - side.offsetTop - side.clientHeight / 2;
  }
}
