// New changes arrive in the list by themselves. Without this script the page is read by reloading.
//
//   EventSource ──▶ place by data-order ──▶ row in the table | buffer, while paused
//
// A row stands where its data-order sorts it, and once: a change may be both on the page and in
// the stream, when it was committed while the page was made.
"use strict";

(() => {
  const MOST_ROWS = 300;
  let source = null;
  let table = null;
  let cursor = "";
  let paused = [];
  let isPaused = false;
  let arrived = 0;

  const button = () => document.getElementById("live");

  const show = () => {
    const live = button();
    if (!live) return;
    live.hidden = false;
    live.setAttribute("aria-pressed", String(!isPaused));
    const isOpen = source && source.readyState === EventSource.OPEN;
    live.dataset.state = isPaused ? "paused" : isOpen ? "live" : "waiting";
    live.querySelector(".live-text").textContent = isPaused
      ? paused.length ? `Paused, ${paused.length} new` : "Paused"
      : isOpen ? "Live" : "Connecting…";
    live.title = isPaused ? "Let new changes in again" : "Hold new changes back while you read";
  };

  const place = (html) => {
    const template = document.createElement("template");
    template.innerHTML = html.trim();
    const row = template.content.firstElementChild;
    const rows = document.getElementById("rows");
    if (!row || !rows || document.getElementById(row.id)) return;
    const below = [...rows.children].find((other) => other.dataset.order < row.dataset.order);
    if (!below && table.hasAttribute("data-has-older")) return; // it belongs to an older page
    row.classList.add("is-new");
    rows.insertBefore(row, below ?? null);
    document.getElementById("nothing")?.remove();
    arrived += 1;
    shorten(rows);
  };

  // What no longer fits is on the next page, which may not have been there before.
  const shorten = (rows) => {
    if (rows.children.length <= MOST_ROWS) return;
    while (rows.children.length > MOST_ROWS) rows.lastElementChild.remove();
    table.setAttribute("data-has-older", "");
    document.getElementById("pages").hidden = false;
    document.getElementById("end")?.remove();
    const older = document.getElementById("older");
    const url = new URL(older.href);
    url.searchParams.set("before", rows.lastElementChild.dataset.place);
    older.href = url;
  };

  const close = () => {
    source?.close();
    source = null;
  };

  const open = () => {
    close();
    table = document.querySelector("table[data-stream]");
    if (!table || document.hidden) return;
    const url = new URL(table.dataset.stream, location.href);
    if (cursor) url.searchParams.set("after", cursor);
    source = new EventSource(url);
    source.onopen = show;
    source.onerror = show;
    source.addEventListener("change", (event) => {
      if (!table.isConnected) return; // of the filters before: the list has been exchanged
      cursor = event.lastEventId;
      if (isPaused) paused.push(event.data);
      else place(event.data);
      show();
    });
    show();
  };

  const restart = () => {
    paused = [];
    isPaused = false;
    cursor = "";
    open();
  };

  const say = (words) => {
    const place = document.getElementById("announce");
    if (place) place.textContent = words;
  };

  const announce = () => {
    if (arrived) say(arrived === 1 ? "1 new change" : `${arrived} new changes`);
    arrived = 0;
  };

  const filtered = () => {
    const found = document.querySelectorAll("#rows tr").length;
    const isMore = document.querySelector("table[data-has-older]");
    say(found === 0 ? "Nothing matches" : `${found}${isMore ? " or more" : ""} changes match`);
    restart();
  };

  const age = (time) => {
    const seconds = (Date.now() - Date.parse(time.dateTime)) / 1000;
    if (seconds < 60) return "just now";
    if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
    if (seconds < 86400) return `${Math.floor(seconds / 3600)} h ago`;
    return time.querySelector(".ago").dataset.day;
  };

  const renewAges = () => {
    for (const time of document.querySelectorAll("time:has(.ago)")) {
      time.querySelector(".ago").textContent = age(time);
    }
  };

  const isTyping = (target) => target.closest("input, select, textarea, [contenteditable]");

  // "/" goes to the filters; j and k walk through the list, and Enter opens, being on a link.
  const walk = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    if (event.key === "/") {
      const first = document.querySelector("#filters input");
      if (!first) return;
      event.preventDefault();
      first.focus();
      first.select();
    } else if (event.key === "j" || event.key === "k") {
      const links = [...document.querySelectorAll("#rows a.open")];
      const here = links.indexOf(document.activeElement?.closest("tr")?.querySelector("a.open"));
      const next = event.key === "j" ? here + 1 : Math.max(here - 1, 0);
      links[Math.min(next, links.length - 1)]?.focus();
    }
  };

  document.addEventListener("click", (event) => {
    if (!event.target.closest?.("#live")) return;
    isPaused = !isPaused;
    if (!isPaused) paused.splice(0).forEach(place);
    show();
  });
  document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
  document.addEventListener("keydown", walk);
  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.detail.elt.id === "results") filtered();
  });
  document.addEventListener("htmx:configRequest", (event) => {
    const unset = [...event.detail.formData].filter(([, value]) => value === "");
    for (const [name] of unset) event.detail.formData.delete(name); // a short address
  });
  document.addEventListener("htmx:responseError", (event) => {
    if (event.detail.elt.id === "filters") location.assign(event.detail.pathInfo.finalRequestPath);
  });
  window.addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
  setInterval(renewAges, 15000);
  setInterval(announce, 4000);
  restart();
})();
