// On a narrow screen the tabs scroll sideways: the one of this page is brought into sight.
export function showCurrentTab() {
  for (const tabs of document.querySelectorAll(".tabs, .value-tabs")) {
    const current = tabs.querySelector("[aria-current]");
    if (current) tabs.scrollLeft = current.offsetLeft - (tabs.clientWidth - current.offsetWidth) / 2;
  }
}
