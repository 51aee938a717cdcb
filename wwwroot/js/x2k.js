// What a page cannot do on the server: keys, following a log, the chart's crosshair, saving a file, and explaining a lost connection.
(function () {
  "use strict";

  // ---- keys -------------------------------------------------------------------------------------------------------------------------
  const places = { o: "/", g: "/guests", h: "/hosts", p: "/plans", w: "/waves", r: "/runs", c: "/cleanup", a: "/audit", s: "/settings" };
  let goUntil = 0;

  function isTyping(target) {
    return target instanceof HTMLElement
      && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) || target.closest("[role=dialog]") !== null);
  }

  function go(path) {
    if (window.Blazor && window.Blazor.navigateTo) { window.Blazor.navigateTo(path); } else { location.assign(path); }
  }

  function stepTo(offset) {
    const links = Array.from(document.querySelectorAll(".pipeline a"));
    if (links.length === 0) { return; }
    const now = links.findIndex(function (link) { return link.getAttribute("aria-current") === "step"; });
    const next = links[Math.min(links.length - 1, Math.max(0, now < 0 ? (offset > 0 ? 0 : links.length - 1) : now + offset))];
    next.focus();
    next.click();
  }

  document.addEventListener("keydown", function (event) {
    if (event.ctrlKey || event.altKey || event.metaKey || isTyping(event.target)) { return; }
    if (Date.now() < goUntil && places[event.key]) {
      goUntil = 0;
      event.preventDefault();
      go(places[event.key]);
      return;
    }

    goUntil = event.key === "g" ? Date.now() + 1500 : 0;
    if (event.key === "/") {
      const search = document.getElementById("search");
      if (search) { event.preventDefault(); search.focus(); search.select(); }
    } else if (event.key === "?") {
      const help = document.getElementById("help-button");
      if (help) { event.preventDefault(); help.click(); }
    } else if (event.key === "[" || event.key === "]") {
      stepTo(event.key === "]" ? 1 : -1);
    }
  });

  document.addEventListener("click", function (event) {
    const target = event.target instanceof Element ? event.target : null;
    if (!target) { return; }
    if (target.closest("[data-toggle-rail]")) { window.x2kTheme.toggleRail(); }

    // A menu closes when its choice was made or something else was clicked.
    document.querySelectorAll("details.menu[open]").forEach(function (menu) {
      const inside = menu.contains(target);
      if (!inside || target.closest("a, .menu-panel button")) { menu.open = false; }
    });
  });

  document.addEventListener("keydown", function (event) {
    if (event.key !== "Escape") { return; }
    document.querySelectorAll("details.menu[open]").forEach(function (menu) {
      menu.open = false;
      menu.querySelector("summary").focus();
    });
  });

  // ---- log: follow the end until the reader scrolls up --------------------------------------------------------------------------------
  const logs = new WeakMap();

  function atEnd(element) { return element.scrollHeight - element.scrollTop - element.clientHeight < 24; }

  const log = {
    attach: function (element, page) {
      const state = { following: true, height: 0 };
      logs.set(element, state);
      element.addEventListener("scroll", function () {
        // Growth of the list also fires scroll; only a movement away from the end is the reader's.
        const following = atEnd(element) || (state.following && element.scrollHeight !== state.height);
        state.height = element.scrollHeight;
        if (following !== state.following) {
          state.following = following;
          page.invokeMethodAsync("FollowChanged", following).catch(function () { /* the page is gone */ });
        }
      }, { passive: true });
      log.toEnd(element);
    },
    toEnd: function (element) {
      const state = logs.get(element);
      if (state) { state.following = true; }
      element.scrollTop = element.scrollHeight;
      // The virtualised list learns its height after it was drawn, so go once more then.
      requestAnimationFrame(function () {
        element.scrollTop = element.scrollHeight;
        if (state) { state.height = element.scrollHeight; }
      });
    },
    // To a row that is not to be seen; a row that is stays where it is.
    toRow: function (element, row) {
      const state = logs.get(element);
      if (state) { state.following = false; }
      // Whoever follows a link to a line wants to see the log, not the head of the page.
      element.scrollIntoView({ block: "nearest" });
      const go = function () {
        const top = row * 20;
        if (top < element.scrollTop || top + 20 > element.scrollTop + element.clientHeight) { element.scrollTop = top - element.clientHeight / 2; }
      };
      go();
      requestAnimationFrame(go);
    },
    // Rows (20 px each, as the list draws them) were put in front: the reader keeps the line they were at.
    keepPlace: function (element, rows) {
      const state = logs.get(element);
      if (state) { state.following = false; }
      requestAnimationFrame(function () { element.scrollTop += rows * 20; });
    },
  };

  // ---- chart: the crosshair reads the lines that are drawn ------------------------------------------------------------------------------
  function clock(milliseconds, zone) {
    const options = { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false };
    try { return new Intl.DateTimeFormat("en-GB", Object.assign({ timeZone: zone }, options)).format(milliseconds); } catch { /* unknown zone */ }
    return new Intl.DateTimeFormat("en-GB", options).format(milliseconds);
  }

  document.addEventListener("pointermove", function (event) {
    const target = event.target instanceof Element ? event.target.closest(".chart") : null;
    document.querySelectorAll(".chart.pointed").forEach(function (chart) { if (chart !== target) { chart.classList.remove("pointed"); } });
    if (!target) { return; }
    const svg = target.querySelector(".chart-box svg");
    const box = svg.getBoundingClientRect();
    const view = svg.viewBox.baseVal;
    const share = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
    const x = share * view.width;
    const at = Number(target.dataset.from) + share * (Number(target.dataset.to) - Number(target.dataset.from));
    const lines = [clock(at, target.dataset.zone)];
    // A line comes in pieces where samples are missing; the nearest point of all of them counts.
    const nearest = new Map();
    svg.querySelectorAll("polyline[data-name]").forEach(function (line) {
      for (let i = 0; i < line.points.numberOfItems; i++) {
        const point = line.points.getItem(i);
        const best = nearest.get(line.dataset.name);
        if (!best || Math.abs(point.x - x) < Math.abs(best.x - x)) { nearest.set(line.dataset.name, { x: point.x, y: point.y }); }
      }
    });
    nearest.forEach(function (best, name) {
      if (Math.abs(best.x - x) < 20) {
        const value = (1 - best.y / view.height) * Number(target.dataset.max);
        lines.push(name + " " + (value < 10 ? value.toFixed(1) : value.toFixed(0)) + " MB/s");
      }
    });
    target.classList.add("pointed");
    const tip = target.querySelector(".chart-tip");
    tip.textContent = lines.join("\n");
    tip.style.left = share < 0.5 ? (share * 100) + "%" : "";
    tip.style.right = share < 0.5 ? "" : ((1 - share) * 100) + "%";
    target.querySelector(".chart-cross").style.left = (share * 100) + "%";
  }, { passive: true });

  // ---- files --------------------------------------------------------------------------------------------------------------------------
  async function download(name, type, stream) {
    const bytes = await stream.arrayBuffer();
    const url = URL.createObjectURL(new Blob([bytes], { type: type }));
    const link = document.createElement("a");
    link.href = url;
    link.download = name;
    link.click();
    setTimeout(function () { URL.revokeObjectURL(url); }, 10000);
  }

  // ---- clipboard ----------------------------------------------------------------------------------------------------------------------
  async function copy(text) {
    if (navigator.clipboard) { await navigator.clipboard.writeText(text); return; }
    // Without TLS a browser has no clipboard but this.
    const field = document.createElement("textarea");
    field.value = text;
    field.style.position = "fixed";
    field.style.opacity = "0";
    document.body.append(field);
    field.select();
    const done = document.execCommand("copy");
    field.remove();
    if (!done) { throw new Error("no clipboard"); }
  }

  // What an address gives is copied; the button says so for a moment.
  document.addEventListener("click", async function (event) {
    const button = event.target instanceof Element ? event.target.closest("button[data-copy]") : null;
    if (!button) { return; }
    const say = function (words) {
      const status = document.getElementById("copy-status");
      if (status) { status.textContent = words; }
    };
    const answer = await fetch(button.dataset.copy).catch(function () { return { ok: false }; });
    if (answer.ok) {
      const text = await answer.text();
      const lines = text.split("\n").length - 1;
      await copy(text).then(
        function () { say("Copied " + lines + (lines === 1 ? " line" : " lines")); },
        function () { say("Not copied: the browser refused it"); });
    } else {
      say("Not copied: the dashboard did not give it");
    }
    setTimeout(function () { say(""); }, 3000);
  });

  // ---- lost connection ------------------------------------------------------------------------------------------------------------------
  async function serverAnswers() {
    try {
      const answer = await fetch("/health", { cache: "no-store" });
      return answer.ok || answer.status === 503;
    } catch { return false; }
  }

  function watchConnection() {
    const modal = document.getElementById("components-reconnect-modal");
    if (!modal) { return; }
    let waiting = false;
    new MutationObserver(async function () {
      const lost = modal.classList.contains("components-reconnect-failed") || modal.classList.contains("components-reconnect-rejected");
      if (!lost || waiting) { return; }
      waiting = true;
      while (!(await serverAnswers())) { await new Promise(function (done) { setTimeout(done, 2000); }); }
      location.reload();
    }).observe(modal, { attributes: true, attributeFilter: ["class"] });
    modal.querySelector("button").addEventListener("click", async function () {
      if (await serverAnswers()) { location.reload(); }
    });
  }

  document.addEventListener("DOMContentLoaded", watchConnection);

  window.x2k = {
    log: log,
    download: download,
    copy: copy,
    focus: function (id) { const element = document.getElementById(id); if (element) { element.focus(); } },
  };
})();
