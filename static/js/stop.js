// Stops a page that is still coming; what has come stays.
export function startStop() {
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-stop-loading]");
    if (!button) return;
    window.stop();
    button.hidden = true;
  });
}
