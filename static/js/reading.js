// A part that refreshes itself does not disturb who reads it: it waits while text in it is selected,
// and what was unfolded in it stays unfolded.
const unfolded = new Map();

export function keepReading() {
  document.addEventListener("htmx:beforeSwap", (event) => {
    const part = event.detail.target;
    if (event.detail.requestConfig?.elt !== part) return;
    if (isSelected(part)) event.detail.shouldSwap = false;
    else unfolded.set(part.id, folds(part).map((fold) => fold.open));
  });
  document.addEventListener("htmx:load", (event) => {
    const before = unfolded.get(event.detail.elt.id) ?? [];
    const now = folds(event.detail.elt);
    if (before.length === now.length) now.forEach((fold, at) => (fold.open = fold.open || before[at]));
  });
}

function folds(part) {
  return [...part.querySelectorAll("details")];
}

function isSelected(part) {
  const selection = document.getSelection();
  return selection !== null && !selection.isCollapsed && part.contains(selection.anchorNode);
}
