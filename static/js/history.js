// Going back and forward quickly: htmx asks the server for each page on the way, and would show whichever comes last.
// Only the one that the address names may; one that the server refuses is opened the browser's own way.
export function keepHistoryInOrder() {
  let pending = null;
  document.addEventListener("htmx:historyCacheMiss", (event) => {
    pending?.abort();
    pending = event.detail.xhr;
  });
  document.addEventListener("htmx:historyCacheMissLoadError", () => location.reload());
}
