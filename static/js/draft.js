// Warns before a text that was typed into the editor is lost. Forms that carry the text along lose nothing.
let carried = false;

export function guardDraft() {
  document.addEventListener("submit", (event) => {
    carried = event.target.querySelector("[data-draft]") !== null;
  });
  addEventListener("pageshow", () => (carried = false));
  addEventListener("beforeunload", (event) => {
    if (!carried && [...document.querySelectorAll("[data-draft]")].some(isUnsaved)) event.preventDefault();
  });
}

function isUnsaved(text) {
  return text.dataset.draft === "typed" || text.value !== text.defaultValue;
}
