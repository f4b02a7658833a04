// What the page does beyond charts: light and dark, copying, sorting.  A failure is kept in
// data-error, so that a test sees it.
"use strict";
(function () {
  const root = document.documentElement;
  root.classList.add("js");
  addEventListener("error", (event) => { root.dataset.error = String(event.message); });

  // --- light and dark ---

  const hash = /theme=(light|dark)/.exec(location.hash);
  if (hash) root.dataset.theme = hash[1];
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : dark.matches);
  const toggle = document.getElementById("theme");
  function changed() {
    toggle.textContent = isDark() ? "Light" : "Dark";
    toggle.setAttribute("aria-label", isDark() ? "Show in light colours" : "Show in dark colours");
    dispatchEvent(new Event("colours"));
  }
  toggle.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    changed();
  });
  dark.addEventListener("change", changed);
  changed();

  // --- copying ---

  function copyOldWay(text) {
    const area = document.createElement("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
  for (const button of document.querySelectorAll("button.copy")) {
    const words = button.textContent;
    button.setAttribute("aria-live", "polite");
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(button.dataset.copy);
      } catch {
        copyOldWay(button.dataset.copy); // no permission, or an old browser
      }
      button.textContent = "Copied";
      setTimeout(() => { button.textContent = words; }, 1500);
    });
  }

  // --- sorting ---

  function sortBy(table, column, rising) {
    const value = (row) => {
      const cell = row.cells[column];
      return cell.dataset.key === undefined ? cell.textContent : Number(cell.dataset.key);
    };
    const compare = (a, b) => (typeof a === "number" && typeof b === "number"
      ? a - b : String(a).localeCompare(String(b), undefined, { numeric: true }));
    const body = table.tBodies[0];
    const rows = [...body.rows].sort((a, b) => compare(value(a), value(b)) * (rising ? 1 : -1));
    body.append(...rows);
  }
  for (const table of document.querySelectorAll("table[data-sortable]")) {
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        // Figures begin with the largest: that is what one looks for.
        const before = head.getAttribute("aria-sort");
        const rising = before ? before === "descending" : !head.classList.contains("figure");
        for (const other of heads) other.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", rising ? "ascending" : "descending");
        sortBy(table, column, rising);
      });
    });
  }
})();
