// A part that refreshes itself does not disturb who reads it: it waits while text in it is selected,
// what was unfolded in it stays unfolded, and its tables stay scrolled as they were.
const unfolded = new Map();
const scrolled = new Map();

export function keepReading() {
  document.addEventListener("htmx:beforeSwap", (event) => {
    const part = event.detail.target;
    if (event.detail.requestConfig?.elt !== part) return;
    if (isSelected(part)) {
      event.detail.shouldSwap = false;
      return;
    }
    unfolded.set(part.id, folds(part).map((fold) => fold.open));
    scrolled.set(part.id, frames(part).map((frame) => [frame.scrollLeft, frame.scrollTop]));
  });
  document.addEventListener("htmx:load", (event) => {
    const before = unfolded.get(event.detail.elt.id) ?? [];
    const now = folds(event.detail.elt);
    if (before.length === now.length) now.forEach((fold, at) => (fold.open = fold.open || before[at]));
    scrollAsBefore(event.detail.elt);
  });
}

// Once only: what comes later for another reason begins at its first row.
function scrollAsBefore(part) {
  const before = scrolled.get(part.id) ?? [];
  scrolled.delete(part.id);
  frames(part).forEach((frame, at) => frame.scrollTo(...(before[at] ?? [0, 0])));
}

function frames(part) {
  return [...part.querySelectorAll(".table-frame")];
}

function folds(part) {
  return [...part.querySelectorAll("details")];
}

function isSelected(part) {
  const selection = document.getSelection();
  return selection !== null && !selection.isCollapsed && part.contains(selection.anchorNode);
}
