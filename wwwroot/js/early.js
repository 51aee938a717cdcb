// Runs before the first paint: theme, width of the rail and the viewer's time zone are known before anything is drawn.
(function () {
  "use strict";
  const root = document.documentElement;
  const prefersDark = matchMedia("(prefers-color-scheme: dark)");

  function read(key, fallback) {
    try { return localStorage.getItem(key) || fallback; } catch { return fallback; }
  }

  function write(key, value) {
    try { localStorage.setItem(key, value); } catch { /* private window: the choice lasts as long as the page */ }
  }

  function apply() {
    const choice = root.dataset.themeChoice || read("x2k-theme", "system");
    const dark = choice === "dark" || (choice === "system" && prefersDark.matches);
    root.dataset.themeChoice = choice;
    root.dataset.theme = dark ? "dark" : "light";
    root.dataset.rail = read("x2k-rail", "wide");
  }

  window.x2kTheme = {
    choice: function () { return root.dataset.themeChoice || "system"; },
    choose: function (choice) { root.dataset.themeChoice = choice; write("x2k-theme", choice); apply(); },
    toggleRail: function () {
      const next = root.dataset.rail === "narrow" ? "wide" : "narrow";
      write("x2k-rail", next);
      root.dataset.rail = next;
    },
    apply: apply,
  };

  prefersDark.addEventListener("change", apply);
  apply();

  // A page that goes to another address before it is connected is merged with what the server sends, which knows no theme. This runs before the
  // next paint, so that nothing is seen of it.
  new MutationObserver(function () { if (!root.dataset.theme) apply(); }).observe(root, { attributes: true, attributeFilter: ["data-theme"] });

  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zone) {
    document.cookie = "x2k-zone=" + encodeURIComponent(zone) + "; path=/; max-age=31536000; samesite=lax";
  }
})();
